// A person looks after their account; person.mjs says in which ways, and what is looked at on each page.
// with-doorward: --workers 4 --set sign_in_limit_per_account=6 --set mail_request_limit_per_address=10000 --set pin_limit_per_address=10000
import assert from 'node:assert/strict';
import { atAccount, current, everyWay, OTHER_PASSWORD, pathOf, signInWithPin, wrongly } from './person.mjs';
import { allow, buttonOf, email, issuer, newAddress, newPassword, PASSWORD, primary, signIn, sql } from './stage.mjs';

async function changesTheName(person) {
  const page = await atAccount(person);
  await person.sees('account');
  await page.locator('input[autocomplete="name"]').fill('Patricia Person');
  await buttonOf(page, 'input[autocomplete="name"]').click();
  await person.sees('account-saved');
  await page.goto(`${issuer}/account`);
  assert.equal(await page.locator('input[autocomplete="name"]').inputValue(), 'Patricia Person');
}

async function changesThePassword(person) {
  const other = await person.inAnotherBrowser();
  const there = await atAccount(other);
  const page = await atAccount(person, '/account/password');
  await person.sees('account-password');
  await page.locator(current).fill('not the password');
  await newPassword(page, OTHER_PASSWORD);
  await wrongly(page);
  await person.sees('account-password-wrong');
  await page.locator(current).fill(PASSWORD);
  await newPassword(page, OTHER_PASSWORD);
  await person.sees('account-password-changed');
  await person.mail('password_changed');
  await page.goto(`${issuer}/account`);
  assert.equal(pathOf(page), '/account', 'still signed in here');
  await there.goto(`${issuer}/account`);
  assert.equal(pathOf(there), '/login', 'signed out there');
  await signInWithPin(other, there, OTHER_PASSWORD);
  await there.waitForURL('**/account');
}

async function changesTheAddress(person) {
  const page = await atAccount(person, '/account/email');
  await person.sees('account-email');
  const wanted = newAddress();
  await page.locator('main input[type="email"]').fill(wanted);
  await buttonOf(page, 'input[type="email"]').click();
  await person.sees('account-email-waits');
  const atOld = await person.mail('confirm_old_email');
  const atNew = await person.mail('confirm_new_email', wanted);
  await person.open(atOld.link);
  await person.sees('confirm-old');
  await primary(page).click();
  await person.sees('confirm-old-done');
  assert.equal(sql(`SELECT COUNT(*) FROM users WHERE email_key = '${wanted}'`), '0', 'one of two');
  await person.open(atNew.link);
  await person.sees('confirm-new');
  await primary(page).click();
  await person.sees('confirm-new-done');
  assert.equal(sql(`SELECT COUNT(*) FROM users WHERE email_key = '${wanted}'`), '1', 'both');
  await person.mail('email_changed');
}

async function givesUpTheChange(person) {
  const page = await atAccount(person, '/account/email');
  await page.locator('main input[type="email"]').fill(newAddress());
  await buttonOf(page, 'input[type="email"]').click();
  const { link } = await person.mail('confirm_old_email');
  await person.open(`${issuer}/account/email`);
  await page.locator('button[value="give_up"]').click();
  await person.sees('account-email-given-up');
  await person.open(link);
  await person.sees('confirm-given-up');
}

async function endsASession(person) {
  const other = await person.inAnotherBrowser();
  const there = await atAccount(other);
  const page = await atAccount(person, '/account/sessions');
  await person.sees('account-sessions');
  assert.match(await page.locator('main').innerText(), /Chrom/, 'which browser');
  await page.locator('button[name="session"]').first().click();
  await person.sees('account-session-ended');
  await page.goto(`${issuer}/account`);
  assert.equal(pathOf(page), '/account', 'still signed in here');
  await there.goto(`${issuer}/account`);
  assert.equal(pathOf(there), '/login', 'signed out there');
}

async function withdrawsAnApplication(person) {
  const { page, flow } = await person.begin({ scope: 'openid email offline_access' });
  await signIn(page, person.email, PASSWORD);
  await allow(page).click();
  const tokens = await person.callback.redeem(person.client, await person.callback.of(flow), flow.verifier);
  await atAccount(person, '/account/applications');
  await person.sees('account-applications');
  assert.match(await page.locator('main').innerText(), /Photo Albums/);
  await page.locator('main a[href*="/account/applications?"]').first().click();
  await person.sees('account-application-withdraw');
  await primary(page).click();
  await person.sees('account-application-withdrawn');
  assert.doesNotMatch(await page.locator('main').innerText(), /Photo Albums/);
  assert.equal((await person.callback.refresh(person.client, tokens.refresh_token)).error, 'invalid_grant');
}

async function deletesTheAccount(person) {
  const page = await atAccount(person, '/account/delete');
  await person.sees('account-delete');
  await primary(page).click();
  await person.sees('account-deleted');
  await person.mail('account_deleted');
  assert.equal(sql(`SELECT COUNT(*) FROM users WHERE email_key = '${person.email}'`), '0');
  await page.goto(`${issuer}/account`);
  assert.equal(pathOf(page), '/login');
}

async function provesItIsThem(person) {
  const page = await atAccount(person);
  sql(`UPDATE sessions SET authenticated_at = authenticated_at - 86400 WHERE user_id = (SELECT id FROM users WHERE email_key = '${person.email}')`);
  await person.open(`${issuer}/account/delete`);
  await page.waitForURL((url) => url.pathname === '/login');
  await person.sees('login-again');
  assert.equal(await page.locator('main a[href*="/register"]').count(), 0, 'who has an account is offered none');
  await signInWithPin(person, page);
  await page.waitForURL((url) => url.pathname === '/account/delete');
}

async function looksAround(person) {
  const page = await atAccount(person);
  await person.open(`${issuer}/account/connections`);
  await person.sees('account-connections');
  await person.open(`${issuer}/`);
  await person.sees('start');
  await person.open(`${issuer}/nowhere`);
  await person.sees('not-found');
  await person.open(`${issuer}/api/oauth/authorize?client_id=nobody`);
  await person.sees('error');
  await page.locator('main a[href]').first().click();
  await person.sees('start');
}

everyWay('flows-account', {
  'changes the name': changesTheName,
  'changes the password, which ends the session in the other browser': changesThePassword,
  'changes the address, confirmed at both': changesTheAddress,
  'gives up a change of address': givesUpTheChange,
  'ends a session': endsASession,
  'withdraws what an application was allowed': withdrawsAnApplication,
  'deletes the account': deletesTheAccount,
  'proves again who they are before what is dangerous': provesItIsThem,
  'looks around, and at the error page': looksAround,
});
