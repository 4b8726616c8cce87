// GitHub: OAuth 2.0 of its own kind.
// - the token answer is form-encoded unless Accept names JSON, its scopes are parted by commas and in GitHub's own order
// - errors of the token endpoint come with status 200
// - the API wants a User-Agent; ids are numbers; /user has the address that a person shows to everybody, which may be
//   null; the others are at /user/emails, for tokens of user:email alone
// - tokens don't expire, and there is nothing to refresh; a lifetime that a test has set makes them do so
// - taking back: DELETE /applications/{client_id}/token or /grant, the client's credentials as Basic, JSON body
import { OAuth } from './oauth.mjs';
import { failed } from './pages.mjs';
import { number, person } from './people.mjs';
import { isOurs, sendBack, sendJson, sendPage } from './serve.mjs';

const KINDS = { '/login/oauth/authorize': 'authorize', '/login/oauth/access_token': 'token', '/user': 'userinfo', '/user/emails': 'emails' };
const HOLDS = { user: ['read:user', 'user:email', 'user:follow'], repo: ['public_repo', 'repo:status'] };
const DOCS = 'https://docs.github.example/apps/troubleshooting';

/** Those that another one holds are left out, and unknown words never were there. */
function normalized(scopes) {
  const held = scopes.flatMap((scope) => HOLDS[scope] ?? []);
  return [...new Set(scopes)].filter((scope) => /^[a-z_:]+$/.test(scope) && !held.includes(scope)).sort();
}

const may = (scopes, scope) => scopes.some((one) => one === scope || HOLDS[one]?.includes(scope));

export function github(url, control) {
  const oauth = new OAuth(control, { title: 'GitHub', client: { id: 'Iv1.doorward', secret: 'the-secret-of-doorward-at-github' } });

  function kind({ request, url: { pathname } }) {
    return request.method === 'DELETE' && pathname.startsWith('/applications/') ? 'revoke' : KINDS[pathname] ?? 'page';
  }

  function authorize(call) {
    const { response, url: { searchParams: query } } = call;
    const redirectUri = query.get('redirect_uri');
    if (query.get('client_id') !== oauth.client.id) return sendPage(response, failed('GitHub', '404: no such application'), 404);
    const state = query.get('state');
    if (!isOurs(redirectUri))
      return sendPage(response, failed('GitHub', 'The redirect_uri is not associated with this application.'), 400);
    const scopes = (query.get('scope') ?? '').split(/[ ,]+/).filter(Boolean);
    return oauth.authorize(call, { scopes, redirectUri, hint: query.get('login'), challenge: query.get('code_challenge') }, {
      allowed: (code) => sendBack(response, redirectUri, { code, state }),
      denied: () => sendBack(response, redirectUri, { error: 'access_denied',
        error_description: 'The user has denied your application access.', error_uri: DOCS, state }),
    });
  }

  function sendToken({ request, response }, answer) {
    if (/\bjson\b/.test(request.headers.accept ?? '')) return sendJson(response, answer);
    return response.writeHead(200, { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' })
      .end(new URLSearchParams(answer).toString());
  }

  function token(call) {
    const { form } = call;
    const no = (error, error_description) => sendToken(call, { error, error_description, error_uri: DOCS });
    if (!oauth.isClient(form.get('client_id'), form.get('client_secret')))
      return no('incorrect_client_credentials', 'The client_id and/or client_secret passed are incorrect.');
    const found = oauth.redeem(form.get('code'), form.get('redirect_uri'), form.get('code_verifier'));
    if (!found) return no('bad_verification_code', 'The code passed is incorrect or expired.');
    found.scopes = normalized(found.scopes);
    const { lifetime } = control.settings;
    const expires = lifetime === 3600 ? {} : { expires_in: lifetime };
    return sendToken(call, { access_token: oauth.give('gho_', found, expires.expires_in), ...expires, scope: found.scopes.join(','),
      token_type: 'bearer' });
  }

  /** { word, scopes } of an API call, or undefined when it has been refused. */
  function holder({ request, response }) {
    if (!request.headers['user-agent']) {
      response.writeHead(403).end('Request forbidden by administrative rules. Please make sure your request has a User-Agent header.');
      return undefined;
    }
    const found = oauth.holder(request.headers.authorization?.replace(/^(Bearer|token) /i, ''));
    if (!found) sendJson(response, { message: 'Bad credentials', documentation_url: DOCS, status: '401' }, 401);
    return found;
  }

  const send = (response, found, value, status = 200) => sendJson(response, value, status, { 'x-oauth-scopes': found.scopes.join(', ') });

  function user(call) {
    const found = holder(call);
    if (!found) return undefined;
    const who = person(found.word, control.settings.people);
    return send(call.response, found, { login: who.word, id: Number(number('github', who, 8)), type: 'User', name: who.name,
      avatar_url: 'https://people.example/picture.png', email: who.public_email });
  }

  function emails(call) {
    const found = holder(call);
    if (!found) return undefined;
    if (!may(found.scopes, 'user:email')) return send(call.response, found, { message: 'Not Found', documentation_url: DOCS, status: '404' }, 404);
    const { email, verified, public_email: shown } = person(found.word, control.settings.people);
    return send(call.response, found, [
      { email: `${found.word}@users.noreply.github.example`, primary: !email, verified: true, visibility: null },
      ...(shown ? [{ email: shown, primary: false, verified: true, visibility: 'public' }] : []),
      ...(email ? [{ email, primary: true, verified, visibility: 'private' }] : [])]);
  }

  function revoke({ request, response, url: { pathname }, text }) {
    const [id, secret] = Buffer.from(request.headers.authorization?.replace(/^Basic /i, '') ?? '', 'base64').toString().split(':');
    const [, , named, what] = pathname.split('/');
    if (!oauth.isClient(id, secret) || named !== id) return sendJson(response, { message: 'Not Found' }, 404);
    const { access_token: given } = JSON.parse(text);
    const found = oauth.holder(given);
    if (!found) return sendJson(response, { message: 'Not Found' }, 404);
    control.revoked.push(given);
    if (what === 'grant') oauth.withdraw(found.word);
    else oauth.tokens.delete(given);
    return response.writeHead(204).end();
  }

  const answers = { authorize, token, userinfo: user, emails, revoke };
  return {
    name: 'github',
    kind,
    actions: { withdraw: ({ account }) => oauth.withdraw(account) },
    answer: (call, at) => (answers[at] ? answers[at](call) : sendJson(call.response, { message: 'Not Found', status: '404' }, 404)),
  };
}
