// npm openid-client (certified) as the relying party; its tokens are checked once more with npm jose.
import './polyfill.mjs';
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import * as jose from 'jose';
import * as oidc from 'openid-client';
import { CALLBACK, issuer, Person, registerClient, SIGNED_OUT } from './person.mjs';

const OFFLINE = 'openid profile email offline_access';
let keys;

before(async () => {
  const metadata = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
  keys = jose.createRemoteJWKSet(new URL(metadata.jwks_uri), { timeoutDuration: 60000 });
});

/** A configuration for a new client, and how it authenticates. */
async function relyingParty(metadata = {}, authentication = (secret) => oidc.ClientSecretBasic(secret)) {
  const client = registerClient(metadata);
  const words = { id_token_signed_response_alg: metadata.id_token_signed_response_alg ?? 'RS256' };
  const config = await oidc.discovery(new URL(issuer), client.client_id, words, authentication(client.client_secret));
  oidc.enableNonRepudiationChecks(config);
  return config;
}

/** The whole flow; the token endpoint's answer. */
async function signIn(config, { person = new Person(), scope = OFFLINE, ...parameters } = {}) {
  const verifier = oidc.randomPKCECodeVerifier();
  const state = oidc.randomState();
  const nonce = oidc.randomNonce();
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: CALLBACK, scope, state, nonce, code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256', ...parameters });
  const back = await person.visit(url);
  return oidc.authorizationCodeGrant(config, back, {
    pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true });
}

async function checkWithJose(config, tokens, alg) {
  const audience = config.clientMetadata().client_id;
  const id = await jose.jwtVerify(tokens.id_token, keys, { issuer, audience, algorithms: [alg], requiredClaims: ['sub', 'iat', 'exp'] });
  const access = await jose.jwtVerify(tokens.access_token, keys, { issuer, audience, typ: 'at+jwt', requiredClaims: ['client_id', 'jti'] });
  assert.equal(access.payload.sub, id.payload.sub);
  assert.equal(access.payload.client_id, audience);
}

test('openid-client: discovery finds every endpoint and what the library needs to know', async () => {
  const metadata = (await relyingParty()).serverMetadata();
  assert.equal(metadata.issuer, issuer);
  assert.ok(metadata.supportsPKCE());
  for (const name of ['authorization', 'token', 'userinfo', 'revocation', 'introspection', 'end_session'])
    assert.ok(metadata[`${name}_endpoint`].startsWith(`${issuer}/`), name);
});

for (const alg of ['RS256', 'ES256', 'EdDSA'])
  test(`openid-client: code, PKCE, state, nonce, iss; ID Token signed ${alg}`, async () => {
    const config = await relyingParty({ id_token_signed_response_alg: alg });
    const tokens = await signIn(config);
    assert.equal(jose.decodeProtectedHeader(tokens.id_token).alg, alg);
    await checkWithJose(config, tokens, alg);
  });

test('openid-client: client_secret_post', async () => {
  const config = await relyingParty({ token_endpoint_auth_method: 'client_secret_post' }, (secret) => oidc.ClientSecretPost(secret));
  await checkWithJose(config, await signIn(config), 'RS256');
});

test('openid-client: a public client', async () => {
  const config = await relyingParty({ token_endpoint_auth_method: 'none' }, () => oidc.None());
  const tokens = await signIn(config);
  await checkWithJose(config, tokens, 'RS256');
  assert.ok((await oidc.refreshTokenGrant(config, tokens.refresh_token)).refresh_token);
});

test('openid-client: UserInfo has the sub of the ID Token and the claims of the scopes', async () => {
  const config = await relyingParty();
  const tokens = await signIn(config);
  const claims = await oidc.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
  assert.equal(claims.email, process.env.DOORWARD_USER_EMAIL);
  assert.equal(claims.email_verified, true);
  assert.equal(typeof claims.name, 'string');
});

test('openid-client: refresh rotates and keeps sub and aud', async () => {
  const config = await relyingParty();
  const tokens = await signIn(config);
  const fresh = await oidc.refreshTokenGrant(config, tokens.refresh_token);
  assert.notEqual(fresh.refresh_token, tokens.refresh_token);
  assert.equal(fresh.claims().sub, tokens.claims().sub);
  await checkWithJose(config, fresh, 'RS256');
});

test('openid-client: client_credentials, introspection, revocation', async () => {
  const config = await relyingParty({ grant_types: ['client_credentials'], redirect_uris: undefined, response_types: undefined,
    post_logout_redirect_uris: undefined, scope: 'read:things' });
  const { access_token: token, scope } = await oidc.clientCredentialsGrant(config, { scope: 'read:things' });
  assert.equal(scope, 'read:things');
  assert.equal(jose.decodeJwt(token).sub, undefined);
  const before = await oidc.tokenIntrospection(config, token);
  assert.equal(before.active, true);
  assert.equal(before.client_id, config.clientMetadata().client_id);
  await oidc.tokenRevocation(config, token);
  assert.equal((await oidc.tokenIntrospection(config, token)).active, false);
});

test('openid-client: form_post', async () => {
  const config = await relyingParty();
  await checkWithJose(config, await signIn(config, { response_mode: 'form_post' }), 'RS256');
});

test('openid-client: max_age brings auth_time, prompt=none goes through in a live session', async () => {
  const config = await relyingParty();
  const person = new Person();
  const first = await signIn(config, { person, max_age: '10000', scope: 'openid' });
  assert.equal(typeof first.claims().auth_time, 'number');
  const second = await signIn(config, { person, prompt: 'none', max_age: '10000', scope: 'openid' });
  assert.equal(second.claims().auth_time, first.claims().auth_time);
});

test('openid-client: a refusal arrives as the library expects it', async () => {
  const config = await relyingParty();
  await assert.rejects(signIn(config, { prompt: 'none' }), { error: 'login_required' });
});

test('openid-client: a wrong verifier, state, nonce or iss is noticed by somebody', async () => {
  const config = await relyingParty();
  const person = new Person();
  const begin = async () => {
    const verifier = oidc.randomPKCECodeVerifier();
    const url = oidc.buildAuthorizationUrl(config, { redirect_uri: CALLBACK, scope: 'openid', state: 's', nonce: 'n',
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' });
    return [await person.visit(url), { pkceCodeVerifier: verifier, expectedState: 's', expectedNonce: 'n' }];
  };
  const [one, checks] = await begin();
  await assert.rejects(oidc.authorizationCodeGrant(config, one, { ...checks, pkceCodeVerifier: oidc.randomPKCECodeVerifier() }),
    { error: 'invalid_grant' });
  for (const wrong of [{ expectedState: 'x' }, { expectedNonce: 'x' }]) {
    const [back, good] = await begin();
    await assert.rejects(oidc.authorizationCodeGrant(config, back, { ...good, ...wrong }));
  }
  const [back, good] = await begin();
  back.searchParams.set('iss', 'https://evil.example');
  await assert.rejects(oidc.authorizationCodeGrant(config, back, good));
  back.searchParams.delete('iss');
  await assert.rejects(oidc.authorizationCodeGrant(config, back, good));
});

test('openid-client: end_session_endpoint leads back with the state, and the session is over', async () => {
  const config = await relyingParty();
  const person = new Person();
  const tokens = await signIn(config, { person, scope: 'openid' });
  const url = oidc.buildEndSessionUrl(config, { id_token_hint: tokens.id_token, post_logout_redirect_uri: SIGNED_OUT, state: 'bye' });
  const back = await person.visit(url, SIGNED_OUT);
  assert.equal(back.searchParams.get('state'), 'bye');
  await assert.rejects(signIn(config, { person, prompt: 'none' }), { error: 'login_required' });
});

test('openid-client: a wrong secret is invalid_client with the status and challenge of RFC 6749', async () => {
  const config = await relyingParty({ grant_types: ['client_credentials'], redirect_uris: undefined, response_types: undefined,
    post_logout_redirect_uris: undefined }, () => oidc.ClientSecretBasic('wrong'));
  await assert.rejects(oidc.clientCredentialsGrant(config), (error) =>
    error.status === 401 && (error.error === 'invalid_client' || error.cause?.[0]?.scheme === 'basic'));
});
