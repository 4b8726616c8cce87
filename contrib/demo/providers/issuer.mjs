// An OpenID Connect issuer on the npm package oidc-provider, as it is: PKCE is demanded, iss comes with the answer,
// refresh tokens are rotated and come for offline_access. google.mjs makes it behave like Google.
import { Provider, interactionPolicy } from 'oidc-provider';
import { Keys } from './keys.mjs';
import { choose, decision } from './pages.mjs';
import { number, person } from './people.mjs';
import { isOurs, sendPage } from './serve.mjs';

const KINDS = { '/.well-known/openid-configuration': 'discovery', '/jwks': 'jwks', '/auth': 'authorize', '/me': 'userinfo',
  '/token/revocation': 'revoke' };

function kind({ url, form }) {
  if (url.pathname === '/token') return form.get('grant_type') === 'refresh_token' ? 'refresh' : 'token';
  return KINDS[url.pathname] ?? 'page';
}

/** Asks on each visit, whoever is signed in. */
function policy() {
  const { Check, Prompt, base } = interactionPolicy;
  const prompts = base();
  prompts.get('login').checks.add(new Check('always', 'the page is always shown', ({ oidc }) => !oidc.result?.login));
  prompts.add(new Prompt({ name: 'select_account', requestable: true }), 0);
  return prompts;
}

function claims(name, control, word) {
  const { email, verified, name: full, picture = 'https://people.example/picture.png' } = person(word, control.settings.people);
  const [first, ...rest] = full.split(' ');
  return { sub: number(name, person(word, control.settings.people), 21), name: full, given_name: first, family_name: rest.join(' '),
    picture, ...(email ? { email, email_verified: verified } : {}) };
}

/**
 * special: what differs from the plain one:
 *   { name, title, client, scopes, parameters (beyond the standard's), pkce, rotates, claimsInIdToken,
 *     granted(params, word, scopes): the scopes that the tokens get, offline(params, word, scopes), before(call, issuer),
 *     changed(answer, at, call), idToken(claims): the claims as they are said, null for one that isn't }
 */
export function makeIssuer(url, control, special) {
  const keys = new Keys();
  const words = new Map(); // of accounts, by subject
  const grants = new Map(); // what was decided, by grant id: { word, offline, ended }

  const provider = new Provider(url, {
    clients: [{ ...special.client, redirect_uris: ['https://127.0.0.1/'], grant_types: ['authorization_code', 'refresh_token'] }],
    jwks: { keys: [keys.privateJwk()] },
    scopes: special.scopes,
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'given_name', 'family_name', 'picture'] },
    conformIdTokenClaims: !special.claimsInIdToken,
    extraParams: special.parameters ?? [],
    pkce: { required: () => special.pkce ?? true },
    cookies: { keys: [special.client.client_secret], names: { session: `${special.name}_session`,
      interaction: `${special.name}_interaction`, resume: `${special.name}_resume` } },
    features: { devInteractions: { enabled: false }, revocation: { enabled: true }, rpInitiatedLogout: { enabled: false } },
    interactions: { url: (context, { uid }) => `/choose/${uid}`, policy: policy() },
    findAccount: (context, subject) => ({ accountId: subject, claims: () => claims(special.name, control, words.get(subject)) }),
    issueRefreshToken: (context, client, { grantId }) => grants.get(grantId)?.offline ?? false,
    rotateRefreshToken: () => control.settings.rotate ?? special.rotates ?? true,
    expiresWithSession: () => false,
    ttl: { AccessToken: () => control.settings.lifetime, AuthorizationCode: 60, IdToken: 3600, Interaction: 900,
      RefreshToken: 30 * 86400, Grant: 30 * 86400, Session: 86400 },
  });
  provider.Client.prototype.redirectUriAllowed = isOurs;
  const packaged = provider.callback();

  async function decide({ request, response }, details, { account, scopes, allowed }) {
    const { params } = details;
    if (!allowed) return provider.interactionFinished(request, response, { error: 'access_denied', error_description: 'Denied' });
    const { sub } = claims(special.name, control, account);
    words.set(sub, account);
    const granted = special.granted?.(params, account, scopes) ?? scopes;
    await details.persist();
    const grant = new provider.Grant({ accountId: sub, clientId: params.client_id });
    grant.addOIDCScope(['openid', ...granted].join(' '));
    grant.rejectOIDCScope(params.scope.split(' ').filter((scope) => scope !== 'openid' && !granted.includes(scope)).join(' '));
    const id = await grant.save();
    grants.set(id, { word: account, offline: special.offline?.(params, account, granted) ?? granted.includes('offline_access') });
    return provider.interactionFinished(request, response,
      { login: { accountId: sub }, consent: { grantId: id }, select_account: {} });
  }

  async function page(call) {
    const details = await provider.interactionDetails(call.request, call.response);
    const scopes = details.params.scope.split(' ');
    const { account, allowed, scopes: some, people } = control.settings;
    if (call.request.method === 'POST') return decide(call, details, decision(call.form));
    if (account) return decide(call, details, { account, allowed, scopes: some ?? scopes });
    return sendPage(call.response, choose({ provider: special.title, client: details.params.client_id, scopes, people,
      hint: details.params.login_hint }));
  }

  async function end(id) {
    grants.delete(id);
    for (const model of ['AccessToken', 'AuthorizationCode', 'RefreshToken']) await provider[model].revokeByGrantId(id);
    await (await provider.Grant.find(id))?.destroy();
  }

  /** ID Tokens are signed again by the key that is current, and as a test wants them. */
  function signed(answer, at) {
    if (!['token', 'refresh'].includes(at) || answer.status !== 200) return answer;
    const body = JSON.parse(answer.body);
    const fault = control.fault(at, (one) => one.do === 'id_token');
    if (body.id_token) body.id_token = keys.resign(body.id_token, fault, special.idToken);
    return { ...answer, body: Buffer.from(JSON.stringify(body)) };
  }

  const issuer = {
    name: special.name,
    kind: (call) => special.kind?.(call) ?? kind(call),
    provider,
    end,
    async answer(call, at) {
      const { request, response, url, form } = call;
      if (at === 'revoke') control.revoked.push(form.get('token') ?? url.searchParams.get('token'));
      if (await special.before?.(call, at, issuer)) return;
      if (at === 'jwks') response.writeHead(200, { 'content-type': 'application/jwk-set+json' }).end(JSON.stringify(keys.jwks()));
      else if (url.pathname.startsWith('/choose/')) await page(call);
      else {
        request.body = call.text;
        await packaged(request, response);
      }
    },
    changed(answer, at, call) {
      const again = signed(answer, at);
      return special.changed?.(again, at, call) ?? again;
    },
    actions: {
      'rotate-keys': () => keys.rotate(),
      async withdraw({ account }) {
        special.forget?.(account);
        for (const [id, { word }] of grants) if (word === account) await end(id);
      },
    },
  };
  return issuer;
}

export const plain = (url, control) => makeIssuer(url, control, {
  name: 'acme', title: 'Acme', scopes: ['openid', 'offline_access', 'email', 'profile', 'files.read', 'files.write'],
  client: { client_id: 'doorward-at-acme', client_secret: 'the-secret-of-doorward-at-acme', token_endpoint_auth_method: 'client_secret_basic' },
});
