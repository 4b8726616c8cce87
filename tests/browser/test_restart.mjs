// The server is stopped and started again, or gets new workers, while people are in the middle of something: what
// they see and hold keeps its worth.
// with-doorward: --workers 4
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { addPerson, allow, Callback, contextOptions, email, issuer, launch, Mailbox, newPassword, primary, sensible, signIn,
  typePin } from './stage.mjs';

const { DOORWARD_BIN: program, DOORWARD_CONF: settings, DOORWARD_LOG: log } = process.env;
const mailbox = new Mailbox();
let browser, callback, client, context, page, pid = Number(process.env.DOORWARD_PID), started;

before(async () => {
  browser = await launch();
  callback = await new Callback().start();
  client = callback.register();
});
after(async () => {
  await browser.close();
  callback.stop();
  if (started) await stop();
});
beforeEach(async () => {
  context = await browser.newContext(contextOptions);
  page = await context.newPage();
  page.setDefaultTimeout(30000);
});
afterEach(() => context.close());

/* Gone, or a zombie that its parent hasn't buried yet. */
function isOver() {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return true;
  }
}

async function stop() {
  process.kill(pid, 'SIGTERM');
  while (!isOver()) await sleep(20);
}

async function untilReady() {
  for (const end = Date.now() + 60000; Date.now() < end; await sleep(50))
    if (await fetch(`${issuer}/readyz`).then(({ ok }) => ok, () => false)) return;
  throw new Error('the server is not ready');
}

const generations = () => readFileSync(log, 'utf8').match(/ready generation=/g)?.length ?? 0;

const WAYS = {
  'stopped and started': async () => {
    await stop();
    started = spawn(program, ['-c', settings, 'serve'], { stdio: ['ignore', openSync(log, 'a'), openSync(log, 'a')] });
    pid = started.pid;
    await untilReady();
  },
  'told to load its settings anew': async () => {
    const before = generations();
    process.kill(pid, 'SIGHUP');
    for (const end = Date.now() + 60000; generations() === before; await sleep(50)) assert.ok(Date.now() < end, 'no new workers');
    await untilReady();
  },
};

async function finish(flow) {
  await allow(page).click();
  assert.equal((await callback.redeem(client, await callback.of(flow), flow.verifier)).status, 200);
}

for (const [name, happens] of Object.entries(WAYS)) {
  test(`the server is ${name} at each step of a sign-in`, async () => {
    const who = addPerson(), flow = callback.request(client);
    await page.goto(flow.url);
    await happens();
    await signIn(page, who);
    await allow(page).waitFor();
    await happens();
    await finish(flow);
  });

  test(`the server is ${name} between a mail and its PIN`, async () => {
    const who = addPerson(), flow = callback.request(client);
    await page.goto(flow.url);
    await page.locator('a[href*="/login/link"]').first().click();
    await email(page).fill(who);
    await happens();
    await primary(page).click();
    const { pin } = await mailbox.wait(who, 'magic_link');
    await happens();
    await typePin(page, pin);
    await allow(page).waitFor();
    await finish(flow);
  });

  test(`the server is ${name} between a mail and the new password`, async () => {
    const who = addPerson();
    await page.goto(`${issuer}/forgot-password`);
    await email(page).fill(who);
    await primary(page).click();
    const { link } = await mailbox.wait(who, 'reset_password');
    await page.goto(link);
    await happens();
    await newPassword(page, 'seven purple umbrellas');
    await page.waitForLoadState();
    assert.ok(await sensible(page));
    await page.goto(`${issuer}/account`);
    assert.equal(new URL(page.url()).pathname, '/account');
  });
}
