// Any worker may die at any time: it costs at most the request in its hand. Workers are killed with -9
// while people sign in; every flow ends well, with one try again where a request was lost.
// with-doorward: --workers 4 --respawn
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { addPerson, allow, Callback, contextOptions, launch, signIn, workers } from './stage.mjs';

let browser, callback, client, who;

before(async () => {
  browser = await launch();
  callback = await new Callback().start();
  client = callback.register();
  who = addPerson();
  whole = workers().length;
});
after(async () => {
  await browser.close();
  callback.stop();
});

function killOne() {
  const all = workers();
  const victim = all[Math.floor(Math.random() * all.length)];
  try {
    if (victim) process.kill(victim, 'SIGKILL');
  } catch {
    return undefined; // one that was killed before, buried since we looked
  }
  return victim;
}

/** A step of a person: when the web server says that the answer was lost, they reload. */
async function step(page, lost, action) {
  await action();
  await page.waitForLoadState();
  for (let again = 0; again < 3; again++) {
    const text = await page.locator('body').innerText().catch(() => '');
    if (!/50[0234]|unavailable|bad gateway/i.test(`${await page.title()} ${text}`)) return;
    lost.count++;
    await sleep(300);
    await page.reload();
    await page.waitForLoadState();
  }
}

/* As many as there are when all is well: workers, the housekeeper, and who else belongs to the master. */
let whole;
async function refilled() {
  for (const end = Date.now() + 60000; workers().length < whole && Date.now() < end; ) await sleep(100);
  assert.ok(workers().length >= whole, `${workers().length} children of ${whole}`);
}

test('workers killed with -9 between the steps of 6 sign-ins: each step still works, at most the request in hand is lost', async () => {
  const lost = { count: 0 };
  let kills = 0;
  for (let round = 0; round < 6; round++) {
    const context = await browser.newContext(contextOptions);
    const page = await context.newPage();
    page.setDefaultTimeout(30000);
    const flow = callback.request(client, { prompt: 'consent' });
    kills += Boolean(killOne());
    await step(page, lost, () => page.goto(flow.url));
    kills += Boolean(killOne());
    await step(page, lost, () => signIn(page, who));
    kills += Boolean(killOne());
    const back = callback.next();
    await step(page, lost, () => allow(page).click());
    const tokens = await callback.redeem(client, await back, flow.verifier);
    assert.equal(tokens.status, 200, JSON.stringify(tokens));
    await context.close();
  }
  assert.ok(kills >= 12, `only ${kills} workers were killed`);
  assert.ok(lost.count <= kills, `${lost.count} requests lost by ${kills} kills`);
});

test('workers killed with -9 all the time while a person signs in: at most one request lost for each', async () => {
  const lost = { count: 0 };
  let kills = 0, going = true;
  await refilled();
  const killer = (async () => {
    while (going) {
      await sleep(400);
      if (workers().length >= whole) kills += Boolean(killOne()); // the one before has its successor, however slow the machine
    }
  })();
  try {
    for (let round = 0; round < 4; round++) {
      const context = await browser.newContext(contextOptions);
      const page = await context.newPage();
      await step(page, lost, () => page.goto(callback.request(client, { prompt: 'consent' }).url));
      await step(page, lost, () => signIn(page, who));
      const before = callback.arrived.length;
      await step(page, lost, () => allow(page).click());
      assert.ok(callback.arrived.length > before || lost.count > 0, 'the client was not reached, and no request was lost');
      await context.close();
    }
  } finally {
    going = false;
    await killer;
  }
  assert.ok(lost.count <= kills, `${lost.count} requests lost by ${kills} kills`);
});

test('afterwards the pool is whole again', async () => {
  assert.ok(whole >= 5, `${whole} children: 4 workers and the housekeeper`);
  await refilled();
});
