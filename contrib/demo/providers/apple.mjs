// Apple's own ways, over issuer.mjs:
// - the client's secret is a JWT that the client signs (ES256), for a few months at most
// - the answer comes as a form that posts itself, demanded where a name or an address is asked for
// - the name comes beside the code with the first consent alone, as JSON in "user"; there is no userinfo
// - email_verified is a text; a cancelled sign-in is called user_cancelled_authorize
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { makeIssuer } from './issuer.mjs';
import { failed, post } from './pages.mjs';
import { person } from './people.mjs';
import { changeBody, sendJson, sendPage } from './serve.mjs';

const CLIENT = { client_id: 'org.example.doorward', client_secret: 'known-between-this-fake-and-its-package',
  token_endpoint_auth_method: 'client_secret_post' };
const TEAM = 'TEAM123456', KEY = 'KEY1234567';
const HALF_A_YEAR = 15777000;

const part = (text) => JSON.parse(Buffer.from(text, 'base64url'));

/** Whether a client's secret is what it must be: signed by the key that it has here, about itself, for us, not too long. */
function isSigned(secret, key, url) {
  try {
    const [head, claims, signature] = secret.split('.');
    const { alg, kid } = part(head), { iss, sub, aud, exp } = part(claims), now = Date.now() / 1000;
    return alg === 'ES256' && kid === KEY && iss === TEAM && sub === CLIENT.client_id && aud === url && exp > now && exp < now + HALF_A_YEAR &&
      verify('sha256', `${head}.${claims}`, { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'));
  } catch {
    return false;
  }
}

export function apple(url, control) {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const consents = new Set(); // of accounts, by word
  let name = null; // of who has just consented for the first time

  function authorize({ request, response, url: { searchParams: query, pathname } }) {
    const wantsProfile = /\b(name|email)\b/.test(query.get('scope') ?? '');
    const mode = query.get('response_mode');
    if (wantsProfile && mode !== 'form_post') {
      sendPage(response, failed('Apple', 'invalid_request: response_mode must be form_post when name or email scope is requested.'), 400);
      return true;
    }
    query.delete('response_mode'); // the package then sends people back, and CHANGES makes a form of that
    request.url = `${pathname}?${query}`;
    return false;
  }

  /** The package knows another secret. */
  function authenticate(call) {
    const { form, response } = call;
    if (!isSigned(form.get('client_secret') ?? '', createPublicKey(privateKey), url)) {
      sendJson(response, { error: 'invalid_client' }, 400);
      return true;
    }
    call.text = new URLSearchParams([...form, ['client_secret', CLIENT.client_secret]].filter(([key, value]) =>
      key !== 'client_secret' || value === CLIENT.client_secret)).toString();
    return false;
  }

  const changes = {
    back(answer) {
      const back = new URL(answer.headers.location);
      const fields = Object.fromEntries(back.searchParams);
      delete fields.iss;
      if (fields.error === 'access_denied') fields.error = 'user_cancelled_authorize';
      if (fields.code && name) fields.user = JSON.stringify(name);
      name = null;
      const body = Buffer.from(post(back.origin + back.pathname, fields));
      const { location, ...headers } = answer.headers;
      return { status: 200, headers: { ...headers, 'content-type': 'text/html; charset=utf-8' }, body };
    },
    discovery: (answer) => changeBody(answer, (body) => {
      delete body.userinfo_endpoint;
      delete body.authorization_response_iss_parameter_supported;
      Object.assign(body, { revocation_endpoint: `${url}/token/revocation`, token_endpoint_auth_methods_supported: ['client_secret_post'] });
    }),
    refresh: (answer) => changeBody(answer, (body) => { delete body.refresh_token; }),
  };

  const issuer = makeIssuer(url, control, {
    name: 'apple', title: 'Apple', scopes: ['openid', 'name', 'email'], pkce: false, rotates: false, claimsInIdToken: true, client: CLIENT,
    before: (call, at) => (at === 'authorize' ? authorize(call) : ['token', 'refresh', 'revoke'].includes(at) && authenticate(call)),
    idToken: ({ email_verified: verified, ...claims }) => ({ ...claims, name: null, given_name: null, family_name: null, picture: null,
      ...(verified === undefined ? {} : { email_verified: String(verified), is_private_email: 'false' }) }),
    offline(params, word) {
      const { name: full, email } = person(word, control.settings.people);
      const [firstName, ...rest] = full.split(' ');
      name = consents.has(word) || !/\bname\b/.test(params.scope) ? null : { name: { firstName, lastName: rest.join(' ') }, email };
      consents.add(word);
      return true;
    },
    changed: (answer, at) => (answer.status < 400 ? changes[at]?.(answer) : undefined),
    forget: (word) => consents.delete(word),
  });
  issuer.known = { client_secret: privateKey.export({ type: 'pkcs8', format: 'pem' }), team_id: TEAM, key_id: KEY };
  return issuer;
}
