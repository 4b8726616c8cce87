// The one page that each fake shows: which account, which of what is asked for, allow or deny. Plain HTML, one form.
import { person, words } from './people.mjs';

const escape = (text) => String(text).replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);

const frame = (title, body) => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(title)}</title>
<style>body { font: 1rem/1.5 sans-serif; max-width: 32rem; margin: 2rem auto; padding: 0 1rem } label { display: block }</style>
</head><body><main><h1>${escape(title)}</h1>${body}</main></body></html>
`;

function account(word, chosen, people) {
  const { name, email } = person(word, people);
  return `<label><input type="radio" name="account" value="${word}"${word === chosen ? ' checked' : ''}>
    ${escape(name)}, ${escape(email ?? 'without an address')}</label>`;
}

const wish = (scope, isFixed) =>
  `<label><input type="checkbox" name="scope" value="${escape(scope)}" checked${isFixed ? ' disabled' : ''}> ${escape(scope)}</label>`;

/** hint: an address or word of an account; scopes: an array; isWhole: there's no choice among them. The form goes to where
 *  the page is. */
export function choose({ provider, client, hint, scopes, isWhole, people }) {
  const chosen = words.find((word) => hint && [word, person(word, people).email].includes(hint)) ?? 'ann';
  return frame(`Sign in at the fake ${provider}`, `
<p>${escape(client)} asks for your account.</p>
<form method="post">
  <fieldset><legend>Account</legend>
    ${words.map((word) => account(word, chosen, people)).join('\n    ')}
    <label>Another, a word: <input name="other" pattern="[a-z0-9.\\-]+"></label>
  </fieldset>
  <fieldset><legend>It may</legend>
    ${scopes.map((scope) => wish(scope, isWhole)).join('\n    ')}
  </fieldset>
  <button name="decision" value="allow">Allow</button>
  <button name="decision" value="deny">Deny</button>
</form>`);
}

export const failed = (provider, what) => frame(`The fake ${provider} refuses`, `<p>${escape(what)}</p>`);

/** A form that posts itself; without JavaScript it's for the person to press. */
export const post = (action, fields) => frame('Back to the application', `
<form method="post" action="${escape(action)}">
  ${Object.entries(fields).map(([name, value]) => `<input type="hidden" name="${escape(name)}" value="${escape(value)}">`).join('\n  ')}
  <button>Continue</button>
</form>
<script>document.forms[0].submit()</script>`);

/** What a posted page says: { account, scopes, allowed }. */
export function decision(form) {
  const other = form.get('other')?.trim();
  return { account: /^[a-z0-9.-]+$/.test(other ?? '') ? other : form.get('account') ?? 'ann', scopes: form.getAll('scope'),
    allowed: form.get('decision') === 'allow' };
}
