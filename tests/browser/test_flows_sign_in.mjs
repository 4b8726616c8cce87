// A person signs in and out; person.mjs says in which ways, and what is looked at on each page.
// with-doorward: --workers 4 --set sign_in_limit_per_account=6 --set mail_request_limit_per_address=10000 --set pin_limit_per_address=10000
import assert from 'node:assert/strict';
import { secondsLater, atAccount, current, everyWay, finish, pathOf, wrongly } from './person.mjs';
import { allow, buttonOf, deny, email, issuer, PASSWORD, password, primary, signIn } from './stage.mjs';

async function signsIn(person) {
  const { page, flow } = await person.begin();
  await person.sees('login');
  await signIn(page, person.email, PASSWORD);
  await allow(page).waitFor();
  await person.sees('consent');
  await finish(person, page, flow);
}

async function signsInByTwoPages(person) {
  const { page, flow } = await person.begin({}, person.clients.identifierFirst);
  await person.sees('login-identifier');
  assert.equal(await page.locator(current).filter({ visible: true }).count(), 0, 'the address comes first');
  await email(page).fill('not an address');
  await primary(page).click();
  await wrongly(page);
  await email(page).fill(person.email);
  await primary(page).click();
  await page.locator(current).filter({ visible: true }).waitFor();
  await person.sees('login-password');
  assert.equal(await email(page).inputValue(), person.email, 'who signs in is shown');
  await page.locator(current).fill('not the password');
  await buttonOf(page, current).click();
  await wrongly(page);
  await person.sees('login-password-wrong');
  await page.locator(current).fill(PASSWORD);
  await buttonOf(page, current).click();
  await allow(page).waitFor();
  await finish(person, page, flow);
}

async function typesWrongly(person) {
  const { page, flow } = await person.begin();
  await signIn(page, person.email, 'not the password');
  await wrongly(page);
  await person.sees('login-wrong');
  assert.equal(await email(page).inputValue(), person.email);
  assert.equal(await password(page).inputValue(), '');
  await signIn(page, person.email, PASSWORD);
  await allow(page).waitFor();
  await finish(person, page, flow);
}

async function isLockedOut(person) {
  const { page } = await person.begin();
  for (let i = 0; i < 6; i++) {
    await signIn(page, person.email, `not the password, ${i}`);
    await wrongly(page);
    secondsLater();
  }
  await signIn(page, person.email, PASSWORD);
  await wrongly(page);
  await person.sees('login-locked');
  const { link } = await person.mail('unlock');
  await person.open(link);
  await person.sees('unlock');
  await primary(page).click();
  await person.sees('unlock-done');
  const { page: again, flow } = await person.begin();
  await signIn(again, person.email, PASSWORD);
  await allow(again).waitFor();
  await finish(person, again, flow);
}

async function choosesAnAccount(person) {
  const { page } = await person.begin();
  await signIn(page, person.email, PASSWORD);
  await allow(page).waitFor();
  const { flow } = await person.begin({ prompt: 'select_account' });
  await person.sees('select');
  await primary(page).click();
  await allow(page).waitFor();
  await finish(person, page, flow);
}

async function refuses(person) {
  const { page, flow } = await person.begin();
  await signIn(page, person.email, PASSWORD);
  await deny(page).click();
  assert.equal((await person.callback.of(flow)).get('error'), 'access_denied');
}

async function signsOut(person) {
  const page = await atAccount(person);
  await person.open(`${issuer}/api/oauth/logout`);
  await person.sees('logout');
  await primary(page).click();
  await person.sees('signed-out');
  await person.open(`${issuer}/account`);
  assert.equal(pathOf(page), '/login');
}

everyWay('flows-sign-in', {
  'signs in, allows': signsIn,
  'signs in by two pages, the address first': signsInByTwoPages,
  'types a wrong password first': typesWrongly,
  'is locked out by wrong guesses, and unlocked by mail': isLockedOut,
  'chooses an account': choosesAnAccount,
  'refuses': refuses,
  'signs out': signsOut,
});
