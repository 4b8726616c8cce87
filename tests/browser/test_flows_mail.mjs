// A person goes on by a mail: links, PINs, a new account, a forgotten password; person.mjs says in which ways, and what is looked at on each page.
// with-doorward: --workers 4 --set sign_in_limit_per_account=6 --set mail_request_limit_per_address=10000 --set pin_limit_per_address=10000
import assert from 'node:assert/strict';
import { everyWay, finish, OTHER_PASSWORD, pathOf, wrongly } from './person.mjs';
import { allow, email, issuer, mailedPin, newAddress, newPassword, PASSWORD, primary, signIn, sql, typePin } from './stage.mjs';

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
    await page.waitForLoadState();
  }
  await person.sees('pin-spent');
  await page.locator('main a.button').click();
  await signIn(page, person.email, PASSWORD);
  await mailedPin(page).waitFor();
  await typePin(page, (await person.mail('pin')).pin);
  await allow(page).waitFor();
  await finish(person, page, flow);
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

everyWay('flows-mail', {
  'signs in by the mailed link': followsTheLink,
  'opens the mailed link in another browser': followsTheLinkElsewhere,
  "types the mail's PIN instead": typesThePin,
  'passes the PIN gate': passesThePinGate,
  'types a wrong PIN until it is spent': spendsThePin,
  'registers, and confirms the address': registers,
  'has not confirmed the address yet, and asks for the mail again': isNotVerifiedYet,
  'has forgotten the password': forgetsThePassword,
});
