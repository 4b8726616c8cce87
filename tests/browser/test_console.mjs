// An administrator signs in at /admin with password and code, sets the second step up, and sees every page of the
// console, with data of a real service: axe-core finds nothing, nothing is cut or too wide, at 360 and 1280 px.
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Album, misfits, misspoken, unlabelled, violations } from './looks.mjs';
import { cli, contextOptions, issuer, launch, sql } from './stage.mjs';

const { DOORWARD_SERVICE_ID: service } = process.env;
const PASSWORD = 'a console password of length';
const EMAIL = 'ada@admins.example';
const HERE = `/admin/services/${service}`;

let browser, page, album;

before(async () => {
  const place = mkdtempSync(join(tmpdir(), 'dw-console-'));
  writeFileSync(join(place, 'password'), `${PASSWORD}\n`);
  cli('admin', 'add', '--email', EMAIL, '--name', 'Ada Admin', '--password-file', join(place, 'password'));
  rmSync(place, { recursive: true });
  album = new Album('console');
  browser = await launch();
  page = await (await browser.newContext({ ...contextOptions, reducedMotion: 'reduce' })).newPage();
});
after(async () => {
  await browser.close();
  album.finish();
});

function base32(text) {
  const bits = [...text].map((one) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(one).toString(2).padStart(5, '0')).join('');
  return Buffer.from(bits.match(/.{8}/g).map((one) => parseInt(one, 2)));
}

/** What the authenticator app shows (RFC 6238). */
function code(secret) {
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000)));
  const mac = createHmac('sha1', base32(secret)).update(step).digest();
  return String((mac.readUInt32BE(mac.at(-1) & 15) & 0x7fffffff) % 1e6).padStart(6, '0');
}

/** Tables whose headings or buttons are broken, or that are wider than their place. */
const crowded = (where) => where.$$eval('.rows', (tables) => tables.flatMap((table) => [
  ...[...table.querySelectorAll('th, button')].filter((one) => one.getClientRects().length && one.getBoundingClientRect().height > 60)
    .map((one) => `"${one.innerText}" is broken`),
  ...table.getBoundingClientRect().width > table.parentElement.clientWidth + 1 ? ['a table is wider than its place'] : []]));

async function looksRight(name, where = page) {
  await where.waitForLoadState();
  const faults = [...await misspoken(where), ...await unlabelled(where)];
  for (const [width, height] of [[360, 740], [1280, 800]]) {
    await where.setViewportSize({ width, height });
    faults.push(...[...await misfits(where, width), ...await violations(where), ...await crowded(where)].map((fault) => `${width} px: ${fault}`));
    await album.add(where, name, width);
  }
  assert.deepEqual(faults, [], name);
}

/** The id that a test makes of a word, as MariaDB's MD5(). */
const uuid = (word) => createHash('md5').update(word).digest('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');

const press = (form) => page.locator(`form:has(input[name="form"][value="${form}"]) button`).first().click();

test('the first sign-in: password, second step, recovery codes', async () => {
  await page.goto(`${issuer}/admin`);
  await looksRight('sign-in');
  await page.locator('input[name="email"]').fill(EMAIL);
  await page.locator('input[type="password"]').fill(PASSWORD);
  await page.locator('main button').click();
  await page.waitForURL('**/admin/second-step');
  await looksRight('second-step');
  const secret = (await page.locator('code').first().innerText()).replaceAll(' ', '');
  await page.locator('input[name="code"]').fill(code(secret));
  await page.locator('main button').click();
  await page.locator('.codes').waitFor();
  assert.equal(await page.locator('.codes code').count(), 10);
  await looksRight('recovery');
  await page.locator('a.button').click();
  await page.waitForURL('**/admin/services');
});

test('what is made is shown once: a client and its secret, an API key', async () => {
  await page.goto(`${issuer}${HERE}/clients`);
  await page.locator('input[name="client_name"]').fill('Photo Albums');
  await page.locator('textarea[name="redirect_uris"]').fill('https://photos.example.com/callback');
  await press('client_add');
  await page.locator('.once').waitFor();
  const secret = await page.locator('.once code').innerText();
  await looksRight('client-made');
  await page.goto(`${issuer}${HERE}/clients`);
  assert.ok(!(await page.content()).includes(secret));
  await page.locator('.rows a', { hasText: 'Photo Albums' }).first().click();
  await page.locator('input[name="client_name"]').waitFor();
  assert.ok(!(await page.content()).includes(secret));
  await looksRight('client');
  await page.goto(`${issuer}${HERE}/keys`);
  await page.locator('input[name="key_name"]').fill('Shop server');
  await page.locator('input[value="read:users"]').check();
  await press('key_add');
  await page.locator('.once').waitFor();
  await looksRight('key-made');
});

test('a double click makes one thing and shows it: an application and its secret, an API key, a plan', async () => {
  const many = (table, column, name) => Number(sql(`SELECT COUNT(*) FROM ${table} WHERE ${column} LIKE '%${name}%'`));
  const twice = async (form) => {
    const button = page.locator(`form:has(input[name="form"][value="${form}"]) button`).first();
    await button.scrollIntoViewIfNeeded();
    const { x, y, width, height } = await button.boundingBox();
    const click = () => page.mouse.click(x + width / 2, y + height / 2);
    const posts = [];
    await page.route('**/admin/**', async (route) => {
      const request = route.request();
      if (request.method() !== 'POST' || posts.push(request.postData()) > 1) return route.continue();
      const headers = { ...await request.allHeaders(), origin: issuer };
      posts.push((await route.fetch({ headers, maxRedirects: 0 })).status()); // it is done, but its answer is still on the way
      await click();
      return route.abort().catch(() => {}); // the browser has given it up by then
    });
    const answered = page.waitForResponse((response) => response.request().method() === 'POST');
    await Promise.all([answered, click()]);
    await page.unroute('**/admin/**');
    assert.deepEqual([posts.length, posts[2]], [3, posts[0]], 'both clicks send the same');
    assert.ok([200, 303].includes(posts[1]), `the first click ended in ${posts[1]}`);
  };
  await page.goto(`${issuer}${HERE}/clients`);
  await page.locator('input[name="client_name"]').fill('Clicked Twice');
  await page.locator('textarea[name="redirect_uris"]').fill('https://twice.example.com/callback');
  await twice('client_add');
  await page.locator('.once').waitFor();
  assert.equal(many('clients', 'metadata', 'Clicked Twice'), 1);
  await page.goto(`${issuer}${HERE}/keys`);
  await page.locator('input[name="key_name"]').fill('Clicked Twice');
  await page.locator('input[value="read:users"]').check();
  await twice('key_add');
  await page.locator('.once').waitFor();
  assert.equal(many('api_keys', 'name', 'Clicked Twice'), 1);
  const key = await page.locator('.once code').innerText();
  const answer = await page.request.get(`${issuer}/api/service/users`, { headers: { 'X-API-Key': key } });
  assert.equal(answer.status(), 200, 'the key that is shown is the one that was made');
  await page.goto(`${issuer}${HERE}/plans`);
  await page.locator('input[name="plan_name"]').fill('Clicked Twice');
  await twice('plan_add');
  await page.locator('.rows a', { hasText: 'Clicked Twice' }).waitFor();
  assert.equal(many('plans', 'name', 'Clicked Twice'), 1);
});

test('a form that is refused says why, beside the field and on top, and holds what was typed', async () => {
  await page.goto(`${issuer}${HERE}/plans`);
  await page.locator('input[name="plan_name"]').fill('Gold');
  await page.locator('input[name="price_cents"]').fill('much');
  await press('plan_add');
  await page.locator('.summary').waitFor();
  assert.equal(await page.locator('input[name="plan_name"]').inputValue(), 'Gold');
  assert.equal(await page.locator('input[name="price_cents"]').getAttribute('aria-invalid'), 'true');
  await looksRight('plan-refused');
});

test('two tabs save one plan: the older one is told, sees both values, and saves when it is sent again', async () => {
  await page.goto(`${issuer}${HERE}/plans`);
  await page.locator('input[name="plan_name"]').fill('Silver');
  await press('plan_add');
  await page.locator('.rows a', { hasText: 'Silver' }).click();
  await page.waitForURL('**/plans/*');
  const other = await page.context().newPage();
  await other.goto(page.url());
  await other.locator('input[name="price_cents"]').fill('2500');
  await other.locator('textarea[name="plan_features"]').fill('More of it\nAll of it');
  await other.locator('form:has(input[value="plan_change"]) button').click();
  await other.locator('.notice').waitFor();
  await page.locator('input[name="price_cents"]').fill('1999');
  await press('plan_change');
  await page.locator('.summary').waitFor();
  const field = page.locator('input[name="price_cents"]');
  assert.equal(await field.inputValue(), '1999');
  const described = await field.getAttribute('aria-describedby');
  assert.equal(await page.locator(`#${described.trim().split(' ').at(-1)}`).innerText(), 'Saved now:\n2500');
  await looksRight('plan-stale');
  await other.reload();
  assert.equal(await other.locator('input[name="price_cents"]').inputValue(), '2500', 'nothing was saved');
  assert.equal(await other.locator('textarea[name="plan_features"]').inputValue(), 'More of it\nAll of it');
  await other.close();
  await press('plan_change');
  await page.locator('.notice:not(.now)').waitFor();
  assert.equal(await field.inputValue(), '1999');
});

const pages = ['/admin/services', '/admin/providers', ...['', '/clients', '/keys', '/members', '/requests', '/subscriptions', '/plans'].map((one) => HERE + one)];
const nameOf = (path) => (path.endsWith(service) ? 'service' : path.split('/').at(-1));
for (const path of pages) {
  test(`${path.replace(service, 'SERVICE')}: accessible, nothing cut, at 360 and 1280 px`, async () => {
    await page.goto(issuer + path);
    assert.equal(new URL(page.url()).pathname, path, 'still signed in');
    await looksRight(nameOf(path));
  });
}

test('many rows: a page of them with the way on and back, in German and in the dark', async () => {
  const here = `UNHEX(REPLACE('${service}', '-', ''))`;
  const client = sql(`SELECT MIN(number) FROM clients WHERE service_id = ${here}`);
  const id = "UNHEX(MD5(CONCAT('many', seq)))", email = "CONCAT('person.number', seq, '@some-company.example')";
  sql(`INSERT INTO users (id, email, email_key, name, status, created_at, updated_at) SELECT ${id}, ${email}, ${email}, CONCAT('Person Number ', seq), 'active', 1700000000, 1
      FROM seq_1_to_120;
    INSERT INTO members (service_id, user_id, created_at, email_key, words) SELECT ${here}, ${id}, 1700000000, ${email}, ${email} FROM seq_1_to_120;
    INSERT INTO plans (id, service_id, name, features, created_at, updated_at) SELECT ${id}, ${here}, CONCAT('Plan ', seq), '[]', 1700000000, 1 FROM seq_1_to_120;
    INSERT INTO subscriptions (id, service_id, user_id, plan_id, status, current_period_start, current_period_end, created_at, updated_at)
      SELECT ${id}, ${here}, ${id}, ${id}, 'active', 1700000000, 4102444800, 1700000000, 1 FROM seq_1_to_120;
    INSERT INTO permissions (user_id, client_number, role, status, requested_at, created_at, updated_at)
      SELECT ${id}, ${client}, 'none', 'pending', 1700000000, 1700000000, 1 FROM seq_1_to_120`);
  const german = await browser.newContext({ ...contextOptions, locale: 'de', colorScheme: 'dark', reducedMotion: 'reduce',
    storageState: await page.context().storageState() });
  const other = await german.newPage();
  for (const path of ['', '/keys', '/members', '/requests'].map((one) => HERE + one)) {
    await other.goto(issuer + path);
    await looksRight(`many-${nameOf(path)}`, other);
  }
  await other.goto(`${issuer}${HERE}/members?search=some-company`);
  const rows = async () => (await other.locator('.rows tbody a').allInnerTexts()).length;
  const seen = [];
  for (const wanted of ['1 bis 50', '51 bis 100', '101 bis 120']) {
    assert.equal(await other.locator('.steps span').innerText(), wanted);
    await other.waitForLoadState();
    seen.push(await rows());
    await other.locator('.steps a').last().click();
  }
  assert.deepEqual(seen, [50, 50, 20]);
  assert.equal(await other.locator('.steps span').innerText(), '51 bis 100', 'the last page leads back');
  await german.close();
});

test('names as long as they may be, without a space to break at, fit on every page', async () => {
  const word = 'W'.repeat(190);
  const id = (text) => `UNHEX(MD5('${text}'))`;
  const here = `UNHEX(REPLACE('${service}', '-', ''))`;
  const email = `${'a'.repeat(60)}@${'b'.repeat(60)}.${'c'.repeat(60)}.example`;
  const client = sql(`SELECT MIN(number) FROM clients WHERE service_id = ${here}`);
  sql(`INSERT INTO users (id, email, email_key, name, status, created_at, updated_at) VALUES (${id('long')}, '${email}', '${email}', '${word}', 'active', 1, 1);
    INSERT INTO members (service_id, user_id, created_at, email_key, words) VALUES (${here}, ${id('long')}, 1, '${email}', '${email}');
    INSERT INTO plans (id, service_id, name, features, created_at, updated_at) VALUES (${id('plan')}, ${here}, '${word}', '[]', 1, 1);
    INSERT INTO subscriptions (id, service_id, user_id, plan_id, status, current_period_start, current_period_end, created_at, updated_at)
      VALUES (${id('sub')}, ${here}, ${id('long')}, ${id('plan')}, 'active', 1, 4102444800, 1, 1);
    INSERT INTO permissions (user_id, client_number, role, status, requested_at, created_at, updated_at) VALUES (${id('long')}, ${client}, 'none', 'pending', 1, 1, 1);
    INSERT INTO history (id, service_id, kind, subject, actor, \`change\`, at_ms, expires_at)
      SELECT ${id('past')}, ${here}, 'subscription.created', '${uuid('long')}', 'admin:${email}', '{}', 1, 4102444800;
    UPDATE clients SET metadata = JSON_SET(metadata, '$.client_name', '${word}', '$.redirect_uris[0]', 'https://${'r'.repeat(60)}.example/') WHERE number = ${client};
    UPDATE api_keys SET name = '${word}' WHERE service_id = ${here}`);
  cli('service', 'set', service, '--name', word);
  const clientId = sql(`SELECT client_id FROM clients WHERE number = ${client}`);
  for (const path of ['/admin/services', ...['', '/clients', `/clients/${clientId}`, '/keys', '/members', `/members/${uuid('long')}`, '/requests', '/subscriptions',
    `/subscriptions/${uuid('long')}`, '/plans', `/plans/${uuid('plan')}`].map((one) => HERE + one)]) {
    const answer = await page.goto(issuer + path);
    assert.equal(answer.status(), 200, path);
    await looksRight(`long-${path.split('/').slice(4, 5)[0] ?? path.split('/').length}${path.split('/').length > 5 ? '-one' : ''}`);
  }
});

test('signing out ends it', async () => {
  await page.goto(`${issuer}${HERE}`);
  await page.locator('form[action$="/admin/sign-out"] button').click();
  await page.waitForURL('**/admin');
  await page.goto(`${issuer}${HERE}/keys`);
  assert.equal(new URL(page.url()).pathname, '/admin');
});
