// Every page and mail in every state that `doorward template preview` has samples for, in each language, on
// a phone and on a desk, by day and by night: axe-core finds nothing, nothing is cut, too wide or too small.
// Looks at the files that preview prints; screenshots are kept in .cache/screenshots.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { Album, misfits, misspoken, unlabelled, violations } from './looks.mjs';
import { launch } from './stage.mjs';

const { DOORWARD_BIN: program, DOORWARD_CONF: settings } = process.env;
const TABS = 3;
const LANGUAGES = ['en', 'de'];
const WIDTHS = [[360, 740], [1280, 800]];

let browser, album, place;
const tabs = [];

before(async () => {
  place = mkdtempSync(join(tmpdir(), 'dw-pages-'));
  album = new Album();
  browser = await launch();
  for (let i = 0; i < TABS; i++) tabs.push(await browser.newPage({ reducedMotion: 'reduce' })); // a window for each: tabs draw slowly behind others
});
after(async () => {
  await browser.close();
  album.finish();
  rmSync(place, { recursive: true });
});

/* "  login: default alone error" on standard error, when the page that is asked for isn't there. */
function listed() {
  const { stderr } = spawnSync(program, ['-c', settings, 'template', 'preview', 'none-such'], { encoding: 'utf8' });
  return [...stderr.matchAll(/^ {2}(\w+):((?: \S+)+)$/gm)].flatMap(([, page, states]) =>
    states.trim().split(' ').map((state) => ({ page, state })));
}

async function preview(page, state, language, conf = settings) {
  const { stdout } = await promisify(execFile)(program, ['-c', conf, 'template', 'preview', page, '--state', state, '--language', language],
    { encoding: 'utf8' });
  return stdout;
}

async function show(tab, page, state, language, conf) {
  const file = join(place, `${page}-${state}-${language}.html`);
  writeFileSync(file, await preview(page, state, language, conf));
  await tab.goto(`file://${file}`);
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

/* A language that is written from right to left and says nothing else, so that the words are those of English. */
function mirrored() {
  const folder = join(place, 'templates'), conf = join(place, 'mirrored.conf');
  mkdirSync(join(folder, 'text'), { recursive: true });
  writeFileSync(join(folder, 'text', 'ar.json'), '{"direction": "rtl"}');
  writeFileSync(conf, `template_directory = ${folder}\n${readFileSync(settings, 'utf8')}`, { mode: 0o600 });
  return conf;
}

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
          await show(tab, sample.page, sample.state, language);
          const faults = await look(tab, sample, language);
          all.push(...told(language, faults));
          words[language] = await sentences(tab);
        }
        assert.deepEqual([...new Set(all)], []);
        assert.deepEqual(words.de.filter((sentence) => words.en.includes(sentence)), [], 'sentences that are English in German');
      }));
  }

  test('right to left, each page is its own mirror image', () => withTab(async (tab) => {
    const conf = mirrored();
    await tab.setViewportSize({ width: 360, height: 740 });
    for (const { page, state } of samples.filter((sample) => !isMail(sample.page))) {
      await show(tab, page, state, 'en');
      const usual = await places(tab);
      await show(tab, page, state, 'ar', conf);
      assert.equal(await tab.locator('html').getAttribute('dir'), 'rtl');
      assert.deepEqual(await places(tab), usual, `${page}, ${state}`);
      await album.addWhole(tab, page, state, 'rtl', 360);
    }
  }));
});
