// The pages with a theme, and from right to left: nothing is cut or out of place, axe-core finds nothing. Looks at
// what `doorward template preview` prints with a template_directory; screenshots are kept in .cache/screenshots/branding.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Album, misfits, violations } from './looks.mjs';
import { launch } from './stage.mjs';

const { DOORWARD_BIN: program, DOORWARD_CONF: settings } = process.env;
const themes = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'contrib', 'themes');
const PAGES = [['login', 'error'], ['consent', 'default'], ['start', 'signed_in'], ['account_profile', 'error'], ['account_sessions', 'default'],
  ['account_applications', 'default'], ['account_delete', 'default'], ['connect', 'choice']];

let browser, album, place, tab;

before(async () => {
  place = mkdtempSync(join(tmpdir(), 'dw-brand-'));
  album = new Album('branding');
  browser = await launch();
  tab = await (await browser.newContext({ reducedMotion: 'reduce' })).newPage();
});
after(async () => {
  await browser.close();
  album.finish();
  rmSync(place, { recursive: true });
});

/** A configuration like the one under test, with this template_directory. */
function configured(name, directory) {
  const conf = join(place, `${name}.conf`);
  writeFileSync(conf, `${readFileSync(settings, 'utf8').replace(/^template_directory.*$/m, '').replace(/^(?=\[)|$(?![\s\S])/m,
    `\ntemplate_directory = ${directory}\n`)}`, { mode: 0o600 });
  return conf;
}

async function show(conf, page, state, language = 'en') {
  const file = join(place, 'page.html');
  writeFileSync(file, execFileSync(program, ['-c', conf, 'template', 'preview', page, '--state', state, '--language', language]));
  await tab.goto(`file://${file}`);
}

/* Each page on a phone and on a desk, by day and by night. */
async function look(conf, name, language) {
  for (const [page, state] of PAGES) {
    await show(conf, page, state, language);
    for (const width of [360, 1280]) {
      await tab.setViewportSize({ width, height: 800 });
      assert.deepEqual(await misfits(tab, width), [], `${page} ${width} px`);
      for (const colorScheme of ['light', 'dark']) {
        await tab.emulateMedia({ colorScheme });
        assert.deepEqual(await violations(tab), [], `${page} ${width} px ${colorScheme}`);
        await album.add(tab, name, page, state, width, colorScheme);
      }
    }
  }
}

for (const theme of readdirSync(themes))
  test(`the theme ${theme}: accessible and whole on each kind of page, light and dark`, () =>
    look(configured(theme, join(themes, theme)), theme, 'de'));

test('right to left: every page is mirrored', async () => {
  const own = join(place, 'rtl');
  mkdirSync(join(own, 'text'), { recursive: true });
  writeFileSync(join(own, 'text', 'ar.json'), JSON.stringify({ direction: 'rtl', email_label: 'البريد الإلكتروني', password_label: 'كلمة المرور',
    sign_in: 'تسجيل الدخول', login_heading_client: 'تسجيل الدخول إلى {client}', errors_heading: 'هناك مشكلة',
    problem_wrong_password: 'عنوان البريد الإلكتروني أو كلمة المرور غير صحيحة', account_profile_label: 'الملف الشخصي',
    account_password_label: 'كلمة المرور', account_sessions_heading: 'أماكن تسجيل دخولك', session_end: 'إنهاء' }));
  const conf = configured('rtl', own);
  await look(conf, 'rtl', 'ar');

  const box = (selector) => tab.locator(selector).first().boundingBox();
  await tab.setViewportSize({ width: 1280, height: 800 });
  await show(conf, 'account_sessions', 'default', 'ar');
  assert.ok((await box('.tabs')).x > (await box('.panel')).x, 'the navigation is at the right');
  assert.ok((await box('.items button')).x < (await box('.items p')).x, 'what ends a session is at the left');
  await show(conf, 'login', 'error', 'ar');
  assert.equal(await tab.locator('.field-wrong').first().evaluate((one) => getComputedStyle(one).borderRightWidth), '4px');
  await show(conf, 'consent', 'default', 'ar');
  assert.equal(await tab.locator('.scopes li').first().evaluate((one) => getComputedStyle(one).paddingRight), '44px');
});
