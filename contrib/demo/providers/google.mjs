// Google's own ways, over issuer.mjs:
// - a refresh token comes for access_type=offline, and only with the first consent, or when prompt=consent asks again;
// - include_granted_scopes adds what was granted before;
// - "email" and "profile" come back under other names in the answer's scope, and their claims are in the ID Token;
// - unknown scopes (offline_access is one) are refused on a page of its own;
// - no iss in the answer, no rotation; revocation without client authentication, of the whole grant.
import { failed } from './pages.mjs';
import { makeIssuer } from './issuer.mjs';
import { changeBody, sendJson, sendPage } from './serve.mjs';

const SCOPES = ['openid', 'email', 'profile', 'https://www.googleapis.com/auth/calendar.readonly', 'https://www.googleapis.com/auth/drive.file'];
const LONG = { email: 'https://www.googleapis.com/auth/userinfo.email', profile: 'https://www.googleapis.com/auth/userinfo.profile' };

const inGoogles = (scope) => scope.split(' ').map((word) => LONG[word] ?? word).sort().join(' ');

const CHANGES = {
  back(answer) {
    const url = new URL(answer.headers.location);
    url.searchParams.delete('iss');
    return { ...answer, headers: { ...answer.headers, location: url.href } };
  },
  discovery: (answer) => changeBody(answer, (body) => {
    delete body.authorization_response_iss_parameter_supported;
    body.revocation_endpoint = `${body.issuer}/revoke`;
    body.token_endpoint_auth_methods_supported = ['client_secret_post', 'client_secret_basic'];
  }),
  token: (answer) => changeBody(answer, (body) => { body.scope = inGoogles(body.scope); }),
  refresh: (answer, { form }) => changeBody(answer, (body) => {
    body.scope = inGoogles(body.scope);
    if (body.refresh_token === form.get('refresh_token')) delete body.refresh_token;
  }),
};

async function revoke({ response, url, form }, { provider, end }) {
  const token = form.get('token') ?? url.searchParams.get('token') ?? '';
  const found = await provider.RefreshToken.find(token) ?? await provider.AccessToken.find(token);
  if (!found) return sendJson(response, { error: 'invalid_token', error_description: 'Token expired or revoked' }, 400);
  await end(found.grantId);
  return sendJson(response, {});
}

export function google(url, control) {
  const consents = new Map(); // by account: the scopes granted so far

  function before(call, at, issuer) {
    if (at === 'revoke') return revoke(call, issuer).then(() => true);
    const unknown = (call.url.searchParams.get('scope') ?? '').split(' ').filter((scope) => !SCOPES.includes(scope));
    if (at !== 'authorize' || !unknown.length) return false;
    sendPage(call.response, failed('Google', `Error 400: invalid_scope: ${unknown.join(', ')}`), 400);
    return true;
  }

  return makeIssuer(url, control, {
    name: 'google', title: 'Google', scopes: SCOPES, pkce: false, rotates: false, claimsInIdToken: true,
    parameters: ['access_type', 'include_granted_scopes', 'hd'],
    client: { client_id: 'doorward.apps.example', client_secret: 'the-secret-of-doorward-at-google',
      token_endpoint_auth_method: 'client_secret_post' },
    kind: ({ url: { pathname } }) => (pathname === '/revoke' ? 'revoke' : undefined),
    before,
    granted(params, word, scopes) {
      const earlier = consents.get(word) ?? [];
      if (params.include_granted_scopes !== 'true') return scopes;
      params.scope = [...new Set([...params.scope.split(' '), ...earlier])].join(' ');
      return [...new Set([...scopes, ...earlier])];
    },
    offline(params, word, granted) {
      const isFirst = !consents.has(word);
      consents.set(word, [...new Set([...consents.get(word) ?? [], ...granted])]);
      return params.access_type === 'offline' && (isFirst || (params.prompt ?? '').split(' ').includes('consent'));
    },
    changed: (answer, at, call) => (answer.status < 400 ? CHANGES[at]?.(answer, call) : undefined),
    forget: (word) => consents.delete(word),
  });
}
