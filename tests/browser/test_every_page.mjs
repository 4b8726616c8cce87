// Every page and mail in every state that `doorward template preview` has samples for, in each language, on
// a phone and on a desk, by day and by night: axe-core finds nothing, nothing is cut, too wide or too small.
// Looks at the files that `preview --all` writes; screenshots are kept in .cache/screenshots.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Album, misfits, misspoken, unlabelled, violations } from './looks.mjs';
import { launch } from './stage.mjs';

const { DOORWARD_BIN: program, DOORWARD_CONF: settings } = process.env;
const TABS = 3;
const LANGUAGES = ['en', 'de'];
const WIDTHS = [[360, 740], [1280, 800]];

const place = mkdtempSync(join(tmpdir(), 'dw-pages-'));
const tabs = [];
let browser, album;

/* Each language in a folder of its own; "rtl" is one that is written from right to left and says nothing else, so
 * that its words are those of English. */
function write(folder, language, conf = settings) {
  execFileSync(program, ['-c', conf, 'template', 'preview', '--all', join(place, folder), '--language', language]);
}

function mirrored() {
  const folder = join(place, 'templates'), conf = join(place, 'mirrored.conf');
  mkdirSync(join(folder, 'text'), { recursive: true });
  writeFileSync(join(folder, 'text', 'ar.json'), '{"direction": "rtl"}');
  writeFileSync(conf, `template_directory = ${folder}\n${readFileSync(settings, 'utf8')}`, { mode: 0o600 });
  return conf;
}

for (const language of LANGUAGES) write(language, language);
write('rtl', 'ar', mirrored());

/* [{ page: 'login', state: 'default' }, …] of the files. */
function listed() {
  return readdirSync(join(place, 'en')).map((name) => name.match(/^(\w+)-(\w+)\.html$/)).filter(Boolean)
    .map(([, page, state]) => ({ page, state }));
}

before(async () => {
  album = new Album();
  browser = await launch();
  for (let i = 0; i < TABS; i++) { // a window for each: tabs draw slowly behind others
    tabs.push(await browser.newPage({ reducedMotion: 'reduce' }));
    await tabs[i].goto(`file://${place}/en/login-default.html`); // from where style sheets on the disk may be read
  }
});
after(async () => {
  await browser.close();
  album.finish();
  rmSync(place, { recursive: true });
});

/* Written into the window that is there: a new one would have to learn axe-core anew. It's the document's first
 * autofocus alone that a browser heeds. */
async function show(tab, { page, state }, folder) {
  await tab.setContent(readFileSync(join(place, folder, `${page}-${state}.html`), 'utf8'));
  await tab.evaluate(() => document.querySelector('[autofocus]')?.focus());
}

async function withTab(use) {
  const tab = tabs.pop();
  try {
    await tab.emulateMedia({ colorScheme: 'light' });
    return await use(tab);
  } finally {
    tabs.push(tab);
  }
}

const isMail = (page) => page.startsWith('mail_');
const NOT_IN_MAILS = ['landmark-one-main', 'region'];
const told = (where, all) => all.map((one) => `${where}: ${one}`);

/* Colours change with the scheme, layout with the width; names, roles and texts with neither. */
const RULES = { '360 light': undefined, '360 dark': ['color-contrast'], '1280 light': ['target-size'] };

async function look(tab, { page, state }, language) {
  const faults = (await misspoken(tab)).filter((fault) => !(isMail(page) && fault.startsWith('inline code')));
  faults.push(...await unlabelled(tab));
  const smallest = isMail(page) ? 14 : 16;
  for (const [width, height] of WIDTHS) {
    await tab.setViewportSize({ width, height });
    faults.push(...told(`${width} px`, await misfits(tab, width, smallest)));
    for (const colorScheme of ['light', 'dark']) {
      await tab.emulateMedia({ colorScheme });
      const view = `${width} ${colorScheme}`;
      if (view in RULES) faults.push(...told(view, await violations(tab, { rules: RULES[view], off: isMail(page) ? NOT_IN_MAILS : [] })));
      await album.addWhole(tab, page, state, language, width, colorScheme);
    }
    await tab.emulateMedia({ colorScheme: 'light' });
  }
  await tab.setViewportSize({ width: 320, height: 200 }); // 1280 x 800 at 400 %
  faults.push(...told('320 px', await misfits(tab, 320, smallest)));
  return faults;
}

/* Lines of three words and more, without what is a person's or an application's own. */
const sentences = (tab) => tab.evaluate(() => document.body.innerText.split('\n').map((line) => line.trim())
  .filter((line) => line.split(/\s+/).length > 2 && !document.querySelector('.detail')?.innerText.includes(line)));

/* Where each box begins and ends, seen from the side that reading begins at. */
const places = (tab) => tab.evaluate(() => [...document.querySelectorAll('header *, main, main *, footer *')]
  .filter((one) => one.getClientRects().length && getComputedStyle(one).display !== 'inline').map((one) => {
    const { left, right } = one.getBoundingClientRect(), width = document.documentElement.clientWidth;
    const [from, to] = document.documentElement.dir === 'rtl' ? [width - right, width - left] : [left, right];
    return `${one.localName}${one.className && `.${one.className}`} ${Math.round(from)} to ${Math.round(to)}`;
  }));

describe('every page', { concurrency: TABS }, () => {
  const samples = listed();
  test('there are samples', () => assert.ok(samples.length > 30, `${samples.length} samples`));
  test('the style sheet stays under 12 kB', () => {
    const folder = readFileSync(settings, 'utf8').match(/^default_template_directory = (.*)$/m)[1];
    assert.ok(statSync(join(folder, 'doorward.css')).size < 12000);
  });
  for (const sample of samples) {
    test(`${sample.page}, ${sample.state}: accessible, nothing cut, at 360 and 1280 px, light and dark, in English and German`, () =>
      withTab(async (tab) => {
        const words = {}, all = [];
        for (const language of LANGUAGES) {
          await show(tab, sample, language);
          const faults = await look(tab, sample, language);
          all.push(...told(language, faults));
          words[language] = await sentences(tab);
        }
        assert.deepEqual([...new Set(all)], []);
        assert.deepEqual(words.de.filter((sentence) => words.en.includes(sentence)), [], 'sentences that are English in German');
      }));
  }

  for (const sample of samples.filter(({ page }) => !isMail(page))) {
    test(`${sample.page}, ${sample.state}: from right to left it is its own mirror image`, () => withTab(async (tab) => {
      await tab.setViewportSize({ width: 360, height: 740 });
      await show(tab, sample, 'en');
      const usual = await places(tab);
      await show(tab, sample, 'rtl');
      assert.equal(await tab.locator('html').getAttribute('dir'), 'rtl');
      assert.deepEqual(await places(tab), usual);
      await album.addWhole(tab, sample.page, sample.state, 'rtl', 360);
    }));
  }
});
