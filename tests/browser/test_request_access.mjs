// A person meets an application that demands a permission; person.mjs says in which ways, and what is looked at on each page.
// with-doorward: --workers 4 --set sign_in_limit_per_account=6
import assert from 'node:assert/strict';
import { everyWay, finish, pathOf } from './person.mjs';
import { allow, cli, PASSWORD, signIn } from './stage.mjs';

const PATH = '/oauth/request-access';
const ask = (page) => page.locator(`form[action$="${PATH}"] button:not([value])`);
const look = (page) => page.locator(`form[action$="${PATH}"] button[value="look"]`);

async function meets(person) {
  const client = person.callback.register({ requires_permission: true, client_uri: 'https://albums.example/' });
  const { page, flow } = await person.begin({}, client);
  await signIn(page, person.email, PASSWORD);
  await ask(page).waitFor();
  return { client, page, flow };
}

async function isGranted(person) {
  const { client, page, flow } = await meets(person);
  await person.sees('request-access');
  await ask(page).click();
  await look(page).waitFor();
  await person.sees('request-access-pending');
  assert.equal(cli('permission', 'show', person.email, client.client_id).status, 'pending');
  await look(page).click();
  await look(page).waitFor();
  cli('permission', 'set', person.email, client.client_id, '--role', 'user');
  await person.mail('access_granted');
  await look(page).click();
  await allow(page).waitFor();
  await finish(person, page, flow);
}

async function isRefused(person) {
  const { client, page } = await meets(person);
  await ask(page).click();
  await look(page).waitFor();
  cli('permission', 'revoke', person.email, client.client_id);
  await person.mail('access_refused');
  await page.reload();
  await look(page).waitFor({ state: 'detached' });
  await person.sees('request-access-refused');
  assert.equal(await ask(page).count(), 0, 'asks again');
  assert.equal(pathOf(page), PATH);
}

everyWay('request-access', {
  'asks for access, waits, and is let in': isGranted,
  'asks for access and is refused': isRefused,
});
