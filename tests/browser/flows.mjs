// What people come for, from the first page to the last: a function each, which gets a person at a browser
// (test_flows.mjs runs each of them with and without JavaScript, on a phone and on a desk, in each language).
import assert from 'node:assert/strict';
import { addPerson, allow, buttonOf, deny, email, issuer, mailedPin, newAddress, newPassword, PASSWORD, password, primary, signIn, sql,
  typePin } from './stage.mjs';

const OTHER_PASSWORD = 'seven purple umbrellas';
const current = 'input[autocomplete="current-password"]';

const pathOf = (page) => new URL(page.url()).pathname;

async function wrongly(page) {
  await page.locator('[aria-invalid="true"], .summary, [role="alert"]').first().waitFor();
  assert.match(await page.title(), /^(Error|Fehler)/);
}

/* Attempts are as if made a minute ago, so that nobody has to wait for the next. */
const aMinuteLater = () => sql('UPDATE attempts SET at_ms = at_ms - 60000');

/* Without an application the strictest of all services counts: a PIN is asked for. */
async function signInWithPin(person, page, secret = PASSWORD) {
  await page.locator(current).fill(secret);
  if (await email(page).isEditable()) await email(page).fill(person.email);
  await buttonOf(page, current).click();
  await mailedPin(page).waitFor();
  await typePin(page, (await person.mail('pin')).pin);
}

/** Signed in at /account. */
async function atAccount(person, path = '/account') {
  const page = await person.open(`${issuer}${path}`);
  if (pathOf(page) === '/login') await signInWithPin(person, page);
  await page.waitForURL((url) => url.pathname === path);
  return page;
}

async function finish(person, page, flow) {
  if (await allow(page).count()) await allow(page).click();
  const parameters = await person.callback.of(flow);
  const tokens = await person.callback.redeem(person.client, parameters, flow.verifier);
  assert.equal(tokens.status, 200, JSON.stringify(tokens));
}

/* --- signing in --- */

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
    aMinuteLater();
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

/* --- by mail --- */

async function asksForALink(person) {
  const { page, flow } = await person.begin();
  await page.locator('a[href*="/login/link"]').first().click();
  await email(page).waitFor();
  await person.sees('link');
  await email(page).fill(person.email);
  await primary(page).click();
  await mailedPin(page).waitFor();
  await person.sees('link-sent');
  return { page, flow, mail: await person.mail('magic_link') };
}

async function followsTheLink(person) {
  const { page, flow, mail } = await asksForALink(person);
  await person.open(mail.link);
  await person.sees('magic-login');
  await primary(page).click();
  await allow(page).waitFor();
  await finish(person, page, flow);
  await person.open(mail.link);
  await person.sees('magic-login-used');
}

async function followsTheLinkElsewhere(person) {
  const { page, flow, mail } = await asksForALink(person);
  const phone = await person.inAnotherBrowser();
  const there = await phone.open(mail.link);
  await primary(there).click();
  await phone.sees('magic-login-elsewhere');
  if (await allow(there).count()) {
    await finish(person, there, flow);
    return;
  }
  await there.goto(`${issuer}/account`);
  assert.equal(pathOf(there), '/account', 'signed in where the link was opened');
  await page.reload();
  await person.sees('link-sent-elsewhere');
}

async function typesThePin(person) {
  const { page, flow, mail } = await asksForALink(person);
  assert.match(mail.pin, /^\d{6}$/);
  await typePin(page, mail.pin === '000000' ? '000001' : '000000');
  await wrongly(page);
  await person.sees('link-sent-wrong');
  await typePin(page, mail.pin);
  await allow(page).waitFor();
  await finish(person, page, flow);
}

async function passesThePinGate(person) {
  const { page, flow } = await person.begin({}, person.clients.pinGate);
  await signIn(page, person.email, PASSWORD);
  await mailedPin(page).waitFor();
  await person.sees('pin');
  const { pin } = await person.mail('pin');
  await typePin(page, '12');
  await wrongly(page);
  await person.sees('pin-wrong');
  await typePin(page, `${pin.slice(0, 3)} ${pin.slice(3)}`);
  await allow(page).waitFor();
  await finish(person, page, flow);
}

async function spendsThePin(person) {
  const { page, flow } = await person.begin({}, person.clients.pinGate);
  await signIn(page, person.email, PASSWORD);
  await mailedPin(page).waitFor();
  const { pin } = await person.mail('pin');
  const wrong = pin === '123456' ? '654321' : '123456';
  for (let i = 0; i < 4 && await mailedPin(page).count(); i++) {
    await typePin(page, wrong);
    await page.locator('h1').waitFor();
  }
  await person.sees('pin-spent');
  if (await page.locator('form[action*="/login/pin/send"] button').count()) {
    await page.locator('form[action*="/login/pin/send"] button').first().click();
    await mailedPin(page).waitFor();
    await typePin(page, (await person.mail('pin')).pin);
    await allow(page).waitFor();
    await finish(person, page, flow);
  }
}

/* --- a new account, a forgotten password --- */

async function registers(person) {
  const { page, flow } = await person.begin();
  person.email = newAddress();
  await page.locator('a[href*="/register"]').first().click();
  await page.locator('input[autocomplete="new-password"]').first().waitFor();
  await person.sees('register');
  await page.locator('input[autocomplete="name"]').fill('Nora New');
  await email(page).fill(person.email);
  await newPassword(page, 'short');
  await wrongly(page);
  await person.sees('register-wrong');
  await newPassword(page, PASSWORD);
  await allow(page).waitFor();
  await finish(person, page, flow);
  const { link } = await person.mail('verify_email');
  await person.open(link);
  await person.sees('confirm');
  assert.equal(sql(`SELECT email_verified FROM users WHERE email_key = '${person.email}'`), '0', 'looking confirms nothing');
  await primary(page).click();
  await person.sees('confirmed');
  assert.equal(sql(`SELECT email_verified FROM users WHERE email_key = '${person.email}'`), '1');
  await person.open(link);
  await person.sees('confirm-used');
}

async function isNotVerifiedYet(person) {
  const { page } = await person.begin();
  person.email = newAddress();
  await page.locator('a[href*="/register"]').first().click();
  await page.locator('input[autocomplete="name"]').fill('Nora New');
  await email(page).fill(person.email);
  await newPassword(page, PASSWORD);
  await allow(page).waitFor();
  await person.mail('verify_email');
  const other = await person.inAnotherBrowser();
  const { page: there } = await other.begin();
  await signIn(there, person.email, PASSWORD);
  await other.sees('login-not-verified');
  await there.locator('form[action*="/confirm/send"] button').first().click();
  await other.sees('confirm-sent');
  const { link } = await person.mail('verify_email');
  await other.open(link);
  await primary(there).click();
  await other.sees('confirmed-elsewhere');
}

async function forgetsThePassword(person) {
  const { page, flow } = await person.begin();
  await page.locator('a[href*="/forgot-password"]').first().click();
  await email(page).waitFor();
  await person.sees('forgot');
  await email(page).fill(person.email);
  await primary(page).click();
  await person.sees('forgot-sent');
  const { link } = await person.mail('reset_password');
  await person.open(link);
  await person.sees('reset');
  await newPassword(page, 'password');
  await wrongly(page);
  await person.sees('reset-wrong');
  await newPassword(page, OTHER_PASSWORD);
  await allow(page).or(page.locator('main a[href], main button')).first().waitFor();
  await person.sees('reset-done');
  await person.mail('password_changed');
  if (!await allow(page).count()) await person.open(flow.url);
  await allow(page).waitFor();
  await person.open(link);
  await person.sees('reset-used');
}

/* --- one's account --- */

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

/** name: what a test calls it. */
export const flows = {
  'signs in, allows': signsIn,
  'signs in by two pages, the address first': signsInByTwoPages,
  'types a wrong password first': typesWrongly,
  'is locked out by wrong guesses, and unlocked by mail': isLockedOut,
  'chooses an account': choosesAnAccount,
  'refuses': refuses,
  'signs out': signsOut,
  'signs in by the mailed link': followsTheLink,
  'opens the mailed link in another browser': followsTheLinkElsewhere,
  "types the mail's PIN instead": typesThePin,
  'passes the PIN gate': passesThePinGate,
  'types a wrong PIN until it is spent': spendsThePin,
  'registers, and confirms the address': registers,
  'has not confirmed the address yet, and asks for the mail again': isNotVerifiedYet,
  'has forgotten the password': forgetsThePassword,
  'changes the name': changesTheName,
  'changes the password, which ends the session in the other browser': changesThePassword,
  'changes the address, confirmed at both': changesTheAddress,
  'gives up a change of address': givesUpTheChange,
  'ends a session': endsASession,
  'withdraws what an application was allowed': withdrawsAnApplication,
  'deletes the account': deletesTheAccount,
  'proves again who they are before what is dangerous': provesItIsThem,
  'looks around, and at the error page': looksAround,
};
