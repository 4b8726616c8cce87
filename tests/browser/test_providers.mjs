// A person signs in by providers; person.mjs says in which ways, and what is looked at on each page.
// with-doorward: --workers 4 --providers --set sign_in_limit_per_account=10000
import assert from 'node:assert/strict';
import { choose, control, fakes, fault, inTurn, newWord, wayTo, wordOf } from './fakes.mjs';
import { atAccount, current, everyWay, finish, pathOf } from './person.mjs';
import { allow, buttonOf, PASSWORD, sql } from './stage.mjs';

const BROKEN = 'facebook', REFUSING = 'microsoft'; // whom faults are set for

async function signsInBy(person, name, word, view) {
  const other = await person.inAnotherBrowser();
  const { page, flow } = await other.begin();
  if (view) await other.sees(view);
  await wayTo(page, name).click();
  await choose(other, name, word);
  await finish(other, page, flow);
}

async function signsInByEach(person) {
  for (const name of Object.keys(fakes)) {
    const word = newWord();
    const signsIn = () => signsInBy(person, name, word, name === 'google' && 'login-with-providers');
    await ([BROKEN, REFUSING].includes(name) ? inTurn(signsIn) : signsIn());
    if (name === 'google') await signsInBy(person, name, word);
    assert.equal(sql(`SELECT COUNT(*) FROM users WHERE email_key = '${word}@people.example'`), '1', name);
  }
}

async function links(person) {
  const { page, flow } = await person.begin();
  await wayTo(page, 'google').click();
  await choose(person, 'google', wordOf(person));
  await page.locator(current).waitFor();
  assert.equal(sql(`SELECT COUNT(*) FROM connections c JOIN users u ON u.id = c.user_id WHERE u.email_key = '${person.email}'`), '0', 'nothing silently');
  await person.sees('login-connect');
  await page.locator(current).fill(PASSWORD);
  await buttonOf(page, current).click();
  await finish(person, page, flow);
  const other = await person.inAnotherBrowser();
  const again = await other.begin();
  await wayTo(again.page, 'google').click();
  await choose(other, 'google', wordOf(person));
  await finish(other, again.page, again.flow);
}

/* On the page that tells why it came to nothing; it leads back into the flow. */
const signInButton = ({ page }) => page.locator('main a.button[href*="/login?oauth_request="]');

async function refuses(person) {
  const word = newWord();
  for (const name of ['google', 'apple']) {
    const { page } = await person.begin();
    await wayTo(page, name).click();
    await choose(person, name, word, { allow: false });
    if (name === 'google') await person.sees('provider-refused');
  }
  await signInButton(person).click();
  await wayTo(person.page, 'google').click();
  await choose(person, 'google', word);
  await allow(person.page).waitFor();
}

async function triesTwice(person) {
  const { page } = await person.begin();
  await fault(BROKEN, 'token', 'status', { status: 500 });
  await wayTo(page, BROKEN).click();
  await choose(person, BROKEN, newWord());
  await person.sees('provider-failed');
  await signInButton(person).click();
  await wayTo(page, BROKEN).click();
  await choose(person, BROKEN, newWord());
  await allow(page).waitFor();
}

const meetsABrokenOne = (person) => inTurn(() => triesTwice(person));

/* Of a tenant of their own, whose administrator writes anybody's address into it; and one who has to ask theirs first. */
async function isRefused(person) {
  const { page } = await person.begin(), word = newWord();
  await control(REFUSING, { people: { [word]: { tenant: 'other.example', email: person.email, edov: null } } });
  await wayTo(page, REFUSING).click();
  await choose(person, REFUSING, word);
  await person.sees('provider-address-taken');
  assert.equal(sql(`SELECT COUNT(*) FROM connections c JOIN users u ON u.id = c.user_id WHERE u.email_key = '${person.email}'`), '0', 'the address opens nothing');
  await fault(REFUSING, 'back', 'change', { remove: ['code'], set: { error: 'consent_required' } });
  await signInButton(person).click();
  await wayTo(page, REFUSING).click();
  await choose(person, REFUSING, newWord());
  await person.sees('provider-needs-administrator');
  await signInButton(person).click();
  await wayTo(page, REFUSING).click();
  await choose(person, REFUSING, newWord());
  await allow(page).waitFor();
}

const isRefusedByMicrosoft = (person) => inTurn(() => isRefused(person));

async function connects(person) {
  const page = await atAccount(person, '/account/connections');
  await person.sees('connections-none');
  await wayTo(page, 'github').or(page.locator('button[value="github"]')).first().click();
  await choose(person, 'github', newWord());
  assert.equal(pathOf(page), '/account/connections');
  await person.sees('connections');
}

everyWay('providers', {
  'signs in by each provider, with a new account': signsInByEach,
  'has an account already, proves it, and connects the provider': links,
  'refuses at a provider, and is led back to the ways to sign in': refuses,
  'meets a provider that is broken, and tries again': meetsABrokenOne,
  'is of a tenant that nobody vouches for, or must ask its administrator': isRefusedByMicrosoft,
  'connects a provider to their account': connects,
});
