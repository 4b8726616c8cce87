// Facebook: OAuth 2.0 of its own kind.
// - paths may begin with a version; scopes are parted by commas; "#_=_" behind the way back
// - errors are {"error": {"message", "type", "code", "fbtrace_id"}}
// - what a person has declined they aren't asked for again, but for auth_type=rerequest
// - no scope and no refresh token in the token answer, which lasts 60 days; one of a lifetime that a test has set is
//   exchanged for such a one by grant_type=fb_exchange_token (a "refresh", to control.mjs); a person may decline each scope, which
//   /me/permissions tells, and /me?fields=permissions
// - /me gives id and name unless fields= asks for more, and demands appsecret_proof; the address may be missing: it has
//   none, the person kept it back, or it isn't confirmed
// - taking back: DELETE /me/permissions, or POST with method=delete
import { createHmac } from 'node:crypto';
import { OAuth } from './oauth.mjs';
import { failed } from './pages.mjs';
import { number, person } from './people.mjs';
import { isOurs, sendBack, sendJson, sendPage } from './serve.mjs';

const SCOPES = ['public_profile', 'email', 'user_birthday', 'user_friends'];
const KINDS = { '/dialog/oauth': 'authorize', '/oauth/access_token': 'token', '/me': 'userinfo' };
const SIXTY_DAYS = 60 * 86400;

const pathOf = (url) => url.pathname.replace(/^\/v\d+\.\d+(?=\/)/, '');

const refuse = (response, message, { code = 100, type = 'OAuthException', status = 400 } = {}) =>
  sendJson(response, { error: { message, type, code, fbtrace_id: 'AbCdEfGh1234567' } }, status);

export function facebook(url, control) {
  const oauth = new OAuth(control, { title: 'Facebook', client: { id: '1234567890123456', secret: 'the-secret-of-doorward-at-facebook' } });

  const declined = new Map(); // scopes, by account

  function kind({ request, url: at, form }) {
    const path = pathOf(at);
    if (path === '/me/permissions')
      return request.method === 'DELETE' || (form.get('method') ?? at.searchParams.get('method')) === 'delete' ? 'revoke' : 'permissions';
    return form.get('grant_type') === 'fb_exchange_token' ? 'refresh' : KINDS[path] ?? 'page';
  }

  function authorize(call) {
    const { response, url: { searchParams: query } } = call;
    const scopes = (query.get('scope') || 'public_profile').split(',');
    const unknown = scopes.filter((scope) => !SCOPES.includes(scope));
    const redirectUri = query.get('redirect_uri');
    if (query.get('client_id') !== oauth.client.id) return sendPage(response, failed('Facebook', 'Invalid App ID'), 400);
    if (!isOurs(redirectUri)) return sendPage(response, failed('Facebook', 'URL Blocked'), 400);
    if (unknown.length) return sendPage(response, failed('Facebook', `Invalid Scopes: ${unknown.join(', ')}`), 400);
    const state = query.get('state');
    return oauth.authorize(call, { scopes, redirectUri, hint: query.get('login_hint') }, {
      allowed: (code) => sendBack(response, redirectUri, { code: settle(code, scopes, query.get('auth_type') === 'rerequest'), state }, '#_=_'),
      denied: () => sendBack(response, redirectUri, { error: 'access_denied', error_code: 200, error_description: 'Permissions error',
        error_reason: 'user_denied', state }, '#_=_'),
    });
  }

  /** Of what was allowed now, without what they had declined before and weren't asked for again. */
  function settle(code, asked, again) {
    const found = oauth.codes.get(code), before = again ? [] : declined.get(found.word) ?? [];
    found.scopes = found.scopes.filter((scope) => !before.includes(scope));
    declined.set(found.word, [...before, ...asked.filter((scope) => !found.scopes.includes(scope))]);
    return code;
  }

  const send = (response, found, seconds) => sendJson(response, { access_token: oauth.give('EAAB', found, seconds), token_type: 'bearer', expires_in: seconds });

  function exchange(response, given) {
    const found = oauth.holder(given);
    return found ? send(response, found, SIXTY_DAYS) : refuse(response, 'Error validating access token: Session has expired.', { code: 190 });
  }

  function token({ response, url, form }, at) {
    const of = (name) => form.get(name) ?? url.searchParams.get(name);
    if (!oauth.isClient(of('client_id'), of('client_secret'))) return refuse(response, 'Error validating client secret.', { code: 1 });
    if (at === 'refresh') return exchange(response, of('fb_exchange_token'));
    const found = oauth.redeem(of('code'), of('redirect_uri'));
    if (!found) return refuse(response, 'This authorization code has been used.');
    const { lifetime } = control.settings;
    const seconds = lifetime === 3600 ? SIXTY_DAYS : lifetime;
    return send(response, found, seconds);
  }

  /** The holder of the call's token, when the call proves the secret, too; else undefined, and it's answered. */
  function holder({ request, response, url: at, form }) {
    const of = (name) => form.get(name) ?? at.searchParams.get(name);
    const given = of('access_token') ?? request.headers.authorization?.replace(/^Bearer /i, '') ?? '';
    const found = oauth.holder(given);
    const proof = createHmac('sha256', oauth.client.secret).update(given).digest('hex');
    if (!found) refuse(response, 'Error validating access token: The session is invalid.', { code: 190 });
    else if (!of('appsecret_proof'))
      refuse(response, 'API calls from the server require an appsecret_proof argument', { type: 'GraphMethodException' });
    else if (of('appsecret_proof') !== proof)
      refuse(response, 'Invalid appsecret_proof provided in the API argument', { type: 'GraphMethodException' });
    else return found;
    return undefined;
  }

  const listed = ({ scopes }) => ({ data: SCOPES.map((permission) => ({ permission, status: scopes.includes(permission) ? 'granted' : 'declined' })) });

  function me(call) {
    const found = holder(call);
    if (!found) return undefined;
    const who = person(found.word, control.settings.people);
    const picture = { data: { height: 50, width: 50, is_silhouette: false, url: 'https://people.example/picture.png' } };
    const email = found.scopes.includes('email') && who.verified && who.email ? who.email : undefined;
    const all = { id: number('facebook', who, 17), name: who.name, email, picture, permissions: listed(found) };
    const fields = (call.url.searchParams.get('fields') || 'id,name').split(',').map((field) => field.replace(/[.{].*/, ''));
    return sendJson(call.response, Object.fromEntries(['id', ...fields].map((field) => [field, all[field]])));
  }

  function permissions(call, at) {
    const found = holder(call);
    if (!found) return undefined;
    if (at === 'permissions') return sendJson(call.response, listed(found));
    control.revoked.push(...[...oauth.tokens].filter(([, { word }]) => word === found.word).map(([one]) => one));
    oauth.withdraw(found.word);
    return sendJson(call.response, { success: true });
  }

  const answers = { authorize, token, userinfo: me, permissions, refresh: token, revoke: permissions };
  return {
    name: 'facebook',
    kind,
    actions: { withdraw: ({ account }) => {
      declined.delete(account);
      oauth.withdraw(account);
    } },
    answer: (call, at) => (answers[at] ? answers[at](call, at)
      : refuse(call.response, `Unknown path components: ${call.url.pathname}`, { code: 2500 })),
  };
}
