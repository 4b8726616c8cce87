// Microsoft's identity platform (v2.0), for work and school accounts and its consumers' own:
// - an authority for each tenant, named by its id or a domain, and three that stand for many: common, organizations,
//   consumers. What common and organizations publish of themselves has "{tenantid}" in the issuer; consumers' is that of
//   the tenant that all private accounts are in; ID Tokens carry the issuer of the tenant of who signed in, and tid
// - no email_verified: whether the owner of the address's domain was verified is the optional claim xms_edov, beside an
//   address alone; sub is another one for each client, oid is the same for all; preferred_username is no address to rely on
// - consent is for all that is asked or for nothing, and lasts: each token can do all that was ever allowed of Graph.
//   Scopes come back by their short names, or behind Graph's address when one was asked for so, in Graph's own spelling
// - refresh tokens for offline_access alone; a refresh gives another one, and the old one stays good
// - errors with numbers ("AADSTS65001"), in error_codes, too; scopes that only an administrator can allow: consent_required
// - one prompt at a time; response_mode query, fragment or form_post; a state of the session beside the code
// - there is nothing to revoke a token with
import { createHash } from 'node:crypto';
import { Keys } from './keys.mjs';
import { OAuth } from './oauth.mjs';
import { failed, post } from './pages.mjs';
import { person } from './people.mjs';
import { isOurs, sendBack, sendJson, sendPage } from './serve.mjs';

const CONSUMERS = '9188040d-6c67-4c5b-b112-36a304b66dad'; // the real one
const TENANTS = { 'people.example': 'c0000000-0000-4000-8000-000000000001', 'other.example': 'c0000000-0000-4000-8000-000000000002',
  consumers: CONSUMERS };
const GRAPH = 'https://graph.microsoft.com/';
const OURS = ['openid', 'profile', 'email', 'offline_access'];
const OF_GRAPH = ['User.Read', 'Mail.Read', 'Mail.Send', 'Calendars.Read', 'Files.ReadWrite', 'Directory.Read.All'];
const PROMPTS = ['login', 'none', 'consent', 'select_account'];
const KINDS = { '/v2.0/.well-known/openid-configuration': 'discovery', '/discovery/v2.0/keys': 'jwks', '/oauth2/v2.0/authorize': 'authorize' };

const hash = (text) => createHash('sha256').update(text).digest();

function uuid(text) {
  const digits = hash(text).toString('hex');
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-8${digits.slice(17, 20)}-${digits.slice(20, 32)}`;
}

/** Graph's spelling; undefined for what it hasn't got. */
function known(scope) {
  const word = (scope.startsWith(GRAPH) ? scope.slice(GRAPH.length) : scope).toLowerCase();
  return [...OURS, ...OF_GRAPH].find((one) => one.toLowerCase() === word);
}

const needsAdministrator = (scope) => scope.endsWith('.All');

const describe = (code, text) => `AADSTS${code}: ${text} Trace ID: ${uuid('trace')} Correlation ID: ${uuid('correlation')} Timestamp: 2026-01-01 00:00:00Z`;

const refuse = (response, error, code, text, { status = 400, ...more } = {}) => sendJson(response, { error, error_description: describe(code, text),
  error_codes: [code], timestamp: '2026-01-01 00:00:00Z', trace_id: uuid('trace'), correlation_id: uuid('correlation'),
  error_uri: `https://login.example/error?code=${code}`, ...more }, status);

/** "/common/oauth2/v2.0/token": ["common", "/oauth2/v2.0/token"]. */
function parts({ pathname }) {
  const [, authority, rest] = /^\/([^/]+)(\/.*)$/.exec(pathname) ?? [];
  return [authority, rest];
}

export function microsoft(url, control) {
  const keys = new Keys();
  const oauth = new OAuth(control, { title: 'Microsoft', client: { id: '6731de76-14a6-49ae-97bc-6eba6914391e', secret: 'the-secret-of-doorward-at-microsoft' } });
  const consents = new Map(); // of Graph's scopes, by account
  const refreshes = new Map(); // what a refresh token is for, by its text

  const issuerOf = (tenant) => `${url}/${tenant}/v2.0`;

  /** The tenant of an authority: its id, "{tenantid}" for one of many; undefined: there is none such. */
  function tenantOf(authority) {
    if (['common', 'organizations'].includes(authority)) return '{tenantid}';
    return TENANTS[authority] ?? Object.values(TENANTS).find((id) => id === authority);
  }

  function somebody(word) {
    const who = { tenant: 'people.example', ...person(word, control.settings.people) };
    const tenant = TENANTS[who.tenant] ?? who.tenant;
    return { ...who, tenant, edov: 'edov' in who ? who.edov : who.verified, subject: who.subject ?? hash(`${oauth.client.id} ${tenant} ${word}`).toString('base64url') };
  }

  const letsIn = (authority, { tenant }) => authority === 'common' || (authority === 'organizations' ? tenant !== CONSUMERS : tenantOf(authority) === tenant);

  /* --- what is published --- */

  function discovery({ response }, authority) {
    const tenant = tenantOf(authority);
    const at = (path) => `${url}/${authority}${path}`;
    return sendJson(response, { issuer: issuerOf(tenant), authorization_endpoint: at('/oauth2/v2.0/authorize'), token_endpoint: at('/oauth2/v2.0/token'),
      userinfo_endpoint: `${url}/oidc/userinfo`, jwks_uri: at('/discovery/v2.0/keys'), end_session_endpoint: at('/oauth2/v2.0/logout'),
      token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
      response_modes_supported: ['query', 'fragment', 'form_post'], response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
      subject_types_supported: ['pairwise'], id_token_signing_alg_values_supported: ['RS256'], scopes_supported: OURS,
      claims_supported: ['sub', 'iss', 'aud', 'exp', 'iat', 'auth_time', 'acr', 'nonce', 'preferred_username', 'name', 'tid', 'ver', 'email'] });
  }

  const jwks = ({ response }) => sendJson(response, { keys: keys.jwks().keys.map(({ alg, ...key }) => ({ ...key, issuer: issuerOf('{tenantid}') })) });

  /* --- a person comes --- */

  function answerOf({ response, url: { searchParams: query } }, fields) {
    const [to, mode, state] = ['redirect_uri', 'response_mode', 'state'].map((name) => query.get(name));
    const all = { ...fields, state };
    if (mode === 'form_post') return sendPage(response, post(to, all));
    if (mode !== 'fragment') return sendBack(response, to, all);
    return response.writeHead(302, { location: `${to}#${new URLSearchParams(all)}` }).end();
  }

  const denied = (call, error, code, text, more) => answerOf(call, { error, error_description: describe(code, text), ...more });

  /** Why nobody is asked: a page, or an answer to the client; undefined when all is well. */
  function wrong(call, scopes) {
    const { response, url: { searchParams: query } } = call;
    const page = (code, text) => sendPage(response, failed('Microsoft', describe(code, text)), 400);
    const prompt = query.get('prompt') ?? '';
    if (query.get('client_id') !== oauth.client.id) return page(700016, 'Application was not found in the directory.');
    if (!isOurs(query.get('redirect_uri'))) return page(50011, 'The redirect URI specified in the request does not match.');
    if (prompt && !PROMPTS.includes(prompt)) return page(90023, "Unsupported 'prompt' value.");
    if (query.get('response_type') !== 'code') return denied(call, 'unsupported_response_type', 700054, 'The response_type is not enabled.');
    if (!scopes.length) return denied(call, 'invalid_request', 900144, "The request must contain 'scope'.");
    if (!scopes.every(known)) return denied(call, 'invalid_client', 650053, 'The application asked for a scope that does not exist on the resource.');
    if (prompt === 'none' && !control.settings.account) return denied(call, 'login_required', 50058, 'A silent sign-in request was sent but no user is signed in.');
    return undefined;
  }

  function authorize(call, authority) {
    const { response, url: { searchParams: query } } = call;
    const scopes = (query.get('scope') ?? '').split(' ').filter(Boolean);
    const told = wrong(call, scopes);
    if (told !== undefined) return told;
    const request = { scopes, isWhole: true, redirectUri: query.get('redirect_uri'), hint: query.get('login_hint'), challenge: query.get('code_challenge'),
      nonce: query.get('nonce'), method: query.get('code_challenge_method') };
    return oauth.authorize(call, request, {
      allowed: (code) => {
        const { word } = oauth.codes.get(code), who = somebody(word);
        if (!letsIn(authority, who)) return sendPage(response, failed('Microsoft', describe(50020, `User account does not exist in tenant '${authority}'.`)), 400);
        if (scopes.map(known).some(needsAdministrator)) return denied(call, 'consent_required', 90094, 'An administrator has to consent.');
        const had = consents.get(word) ?? [];
        consents.set(word, [...new Set([...had, ...scopes.map(known).filter((scope) => OF_GRAPH.includes(scope))])]);
        return answerOf(call, { code, session_state: uuid(`session ${word}`) });
      },
      denied: () => denied(call, 'access_denied', 65004, 'User declined to consent to access the app.', { error_subcode: 'cancel' }),
    });
  }

  /* --- tokens --- */

  function idToken({ word, scopes, nonce }, at) {
    const { tenant, subject, name, email, edov } = somebody(word), now = Math.floor(Date.now() / 1000);
    const has = (scope) => scopes.includes(scope);
    const claims = { ver: '2.0', iss: issuerOf(tenant), sub: subject, aud: oauth.client.id, exp: now + 3600, iat: now, nbf: now, tid: tenant, nonce,
      uti: hash(`${now} ${word}`).toString('base64url').slice(0, 22),
      ...(has('profile') ? { name, oid: uuid(`person ${word}`), preferred_username: email ?? `${word}@people.onmicrosoft.example` } : {}),
      ...(has('email') && email ? { email, ...(edov == null ? {} : { xms_edov: edov }) } : {}) };
    return keys.sign(claims, control.fault(at, (one) => one.do === 'id_token'));
  }

  function give(response, granted, at) {
    const { word, scopes } = granted, { lifetime } = control.settings;
    const inFull = scopes.some((scope) => scope.startsWith(GRAPH));
    const ours = scopes.filter((scope) => OURS.includes(scope) && scope !== 'offline_access');
    const graphs = (consents.get(word) ?? []).map((scope) => (inFull ? GRAPH : '') + scope);
    const answer = { token_type: 'Bearer', scope: [...ours, ...graphs].sort().join(' '), expires_in: lifetime, ext_expires_in: lifetime,
      access_token: oauth.give('eyJ0eXAi', granted, lifetime) };
    if (scopes.includes('offline_access')) {
      answer.refresh_token = `0.${hash(`${answer.access_token} refreshes`).toString('base64url')}`;
      refreshes.set(answer.refresh_token, granted);
    }
    if (scopes.includes('openid')) answer.id_token = idToken(granted, at);
    return sendJson(response, answer);
  }

  function token({ response, form }) {
    if (!oauth.isClient(form.get('client_id'), form.get('client_secret')))
      return refuse(response, 'invalid_client', 7000215, 'Invalid client secret provided.', { status: 401 });
    const found = oauth.redeem(form.get('code'), form.get('redirect_uri'), form.get('code_verifier'));
    return found ? give(response, found, 'token') : refuse(response, 'invalid_grant', 54005, 'OAuth2 Authorization code was already redeemed.');
  }

  function refresh({ response, form }) {
    if (!oauth.isClient(form.get('client_id'), form.get('client_secret')))
      return refuse(response, 'invalid_client', 7000215, 'Invalid client secret provided.', { status: 401 });
    const text = form.get('refresh_token'), found = refreshes.get(text);
    if (!found) return refuse(response, 'invalid_grant', 9002313, 'Invalid request. Request is malformed or invalid.');
    if (!consents.has(found.word))
      return refuse(response, 'invalid_grant', 65001, 'The user or administrator has not consented to use the application.', { suberror: 'consent_required' });
    if (control.settings.rotate) refreshes.delete(text);
    return give(response, { ...found, nonce: undefined }, 'refresh');
  }

  function userinfo({ request, response }) {
    const found = oauth.holder(request.headers.authorization?.replace(/^Bearer /i, ''));
    if (!found) return sendJson(response, { error: { code: 'InvalidAuthenticationToken', message: 'Access token validation failure.' } }, 401);
    const { subject, name, email } = somebody(found.word), [first, ...rest] = name.split(' ');
    const has = (scope) => found.scopes.includes(scope);
    return sendJson(response, { sub: subject, ...(has('profile') ? { name, given_name: first, family_name: rest.join(' ') } : {}),
      picture: `${GRAPH}v1.0/me/photo/$value`, ...(has('email') && email ? { email } : {}) });
  }

  function withdraw(word) {
    consents.delete(word);
    oauth.withdraw(word);
  }

  const answers = { discovery, jwks, authorize, token, refresh, userinfo };
  return {
    name: 'microsoft',
    kind({ url: at, form }) {
      const [, rest] = parts(at);
      if (at.pathname === '/oidc/userinfo') return 'userinfo';
      if (rest === '/oauth2/v2.0/token') return form.get('grant_type') === 'refresh_token' ? 'refresh' : 'token';
      return KINDS[rest] ?? 'page';
    },
    answer(call, at) {
      const [authority] = parts(call.url);
      if (!answers[at]) return sendPage(call.response, failed('Microsoft', 'There is nothing here.'), 404);
      if (at !== 'userinfo' && !tenantOf(authority)) return refuse(call.response, 'invalid_tenant', 90002, `Tenant '${authority}' not found.`);
      return answers[at](call, authority);
    },
    actions: { withdraw: ({ account }) => withdraw(account), 'rotate-keys': () => keys.rotate() },
  };
}
