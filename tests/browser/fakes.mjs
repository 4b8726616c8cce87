// The fake providers (contrib/demo/providers), as with-doorward --providers has started them: what a person does on their
// page, and what a test tells them.
import { randomBytes } from 'node:crypto';

const env = process.env;

/** The address of each, by name. */
export const fakes = Object.fromEntries((env.DOORWARD_PROVIDERS ?? '').split(',').filter(Boolean)
  .map((name) => [name, env[`DOORWARD_PROVIDER_${name.toUpperCase()}_URL`]]));

/** path: "", "/fault", "/reset", ...: contrib/demo/providers/control.mjs. */
export async function control(name, told, path = '') {
  const response = await fetch(`${fakes[name]}/control${path}`, told && { method: 'POST', body: JSON.stringify(told) });
  return response.json();
}

export const fault = (name, at, does, more = {}) => control(name, { at, do: does, ...more }, '/fault');

let last = Promise.resolve();

/** A fault meets whoever comes next: those who may meet one go one after the other. */
export function inTurn(walk) {
  const mine = last.then(walk);
  last = mine.catch(() => {});
  return mine;
}

/** On the page of a fake: account is a word, scopes those that are kept (all). Then they are back with us, or
   were sent there once more. */
export async function choose({ page, javaScriptEnabled }, name, account, { allow = true, scopes } = {}) {
  await page.waitForURL((url) => url.origin === fakes[name]);
  await page.locator('input[name="other"]').fill(account);
  for (const box of scopes ? await page.locator('input[name="scope"]').all() : [])
    if (!scopes.includes(await box.inputValue())) await box.uncheck();
  const here = page.url();
  await page.locator(`button[value="${allow ? 'allow' : 'deny'}"]`).click();
  if (name === 'apple' && !javaScriptEnabled) await page.getByRole('button', { name: 'Continue' }).click(); // else it posts itself
  await page.waitForURL((url) => url.href !== here);
}

/** Our link to a provider, wherever on the page. */
export const wayTo = (page, name) => page.locator(`a[href*="/api/auth/${name}/login"]`);

/** Somebody new at the fakes, where each word has an address of people.example; and who of them has somebody's. */
export const newWord = () => `w${randomBytes(6).toString('hex')}`;
export const wordOf = (person) => person.email.split('@')[0];
