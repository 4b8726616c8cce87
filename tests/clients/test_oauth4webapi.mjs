// npm oauth4webapi: the strictest reader of answers there is; each step by hand.
import './polyfill.mjs';
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import * as jose from 'jose';
import * as oauth from 'oauth4webapi';
import { CALLBACK, issuer, Person, registerClient, SIGNED_OUT } from './person.mjs';

let server;
let keys;

before(async () => {
  const url = new URL(issuer);
  server = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url));
  keys = jose.createRemoteJWKSet(new URL(server.jwks_uri), { timeoutDuration: 60000 });
});

function relyingParty(metadata = {}) {
  const registered = registerClient(metadata);
  const client = { client_id: registered.client_id, id_token_signed_response_alg: metadata.id_token_signed_response_alg ?? 'RS256' };
  const ways = {
    client_secret_basic: () => oauth.ClientSecretBasic(registered.client_secret),
    client_secret_post: () => oauth.ClientSecretPost(registered.client_secret),
    none: () => oauth.None(),
  };
  return { client, auth: ways[metadata.token_endpoint_auth_method ?? 'client_secret_basic']() };
}

async function signIn({ client, auth }, person = new Person(), words = {}) {
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const nonce = oauth.generateRandomNonce();
  const url = new URL(server.authorization_endpoint);
  const request = { client_id: client.client_id, redirect_uri: CALLBACK, response_type: 'code', scope: 'openid profile offline_access',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', state, nonce, ...words };
  for (const [name, value] of Object.entries(request)) url.searchParams.set(name, value);
  const back = await person.visit(url);
  const parameters = oauth.validateAuthResponse(server, client, back, state);
  const response = await oauth.authorizationCodeGrantRequest(server, client, auth, parameters, CALLBACK, verifier);
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, {
    expectedNonce: nonce, requireIdToken: true, maxAge: words.max_age ? Number(words.max_age) : undefined });
  await oauth.validateApplicationLevelSignature(server, response);
  return tokens;
}

for (const alg of ['RS256', 'ES256', 'EdDSA'])
  for (const method of ['client_secret_basic', 'client_secret_post', 'none'])
    test(`oauth4webapi: code flow, ${method}, ID Token ${alg}`, async () => {
      const party = relyingParty({ id_token_signed_response_alg: alg, token_endpoint_auth_method: method });
      const tokens = await signIn(party, new Person(), { max_age: '1000' });
      const { payload } = await jose.jwtVerify(tokens.id_token, keys, { issuer, audience: party.client.client_id, algorithms: [alg] });
      assert.equal(payload.sub, oauth.getValidatedIdTokenClaims(tokens).sub);
    });

test('oauth4webapi: the authorization server metadata of RFC 8414', async () => {
  const url = new URL(issuer);
  const metadata = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, { algorithm: 'oauth2' }));
  assert.equal(metadata.token_endpoint, server.token_endpoint);
});

test('oauth4webapi: UserInfo, refresh, introspection, revocation', async () => {
  const party = relyingParty();
  const { client, auth } = party;
  const tokens = await signIn(party);
  const { sub } = oauth.getValidatedIdTokenClaims(tokens);
  const info = await oauth.processUserInfoResponse(server, client, sub, await oauth.userInfoRequest(server, client, tokens.access_token));
  assert.equal(typeof info.name, 'string');
  const fresh = await oauth.processRefreshTokenResponse(server, client,
    await oauth.refreshTokenGrantRequest(server, client, auth, tokens.refresh_token));
  const seen = await oauth.processIntrospectionResponse(server, client,
    await oauth.introspectionRequest(server, client, auth, fresh.access_token));
  assert.equal(seen.active, true);
  await oauth.processRevocationResponse(await oauth.revocationRequest(server, client, auth, fresh.refresh_token));
  const after = await oauth.processIntrospectionResponse(server, client,
    await oauth.introspectionRequest(server, client, auth, fresh.refresh_token));
  assert.equal(after.active, false);
});

test('oauth4webapi: an access token passes the resource server check of RFC 9068', async () => {
  const party = relyingParty();
  const tokens = await signIn(party);
  const request = new Request('https://api.example/', { headers: { authorization: `Bearer ${tokens.access_token}` } });
  const claims = await oauth.validateJwtAccessToken(server, request, party.client.client_id);
  assert.equal(claims.client_id, party.client.client_id);
});

test('oauth4webapi: client_credentials', async () => {
  const { client, auth } = relyingParty({ grant_types: ['client_credentials'], redirect_uris: undefined, response_types: undefined,
    post_logout_redirect_uris: undefined, scope: 'read:things' });
  const tokens = await oauth.processClientCredentialsResponse(server, client,
    await oauth.clientCredentialsGrantRequest(server, client, auth, { scope: 'read:things' }));
  assert.equal(tokens.scope, 'read:things');
  assert.equal(tokens.token_type, 'bearer');
});

test('oauth4webapi: form_post', async () => {
  const { client } = relyingParty();
  const url = new URL(server.authorization_endpoint);
  url.search = new URLSearchParams({ client_id: client.client_id, redirect_uri: CALLBACK, response_type: 'code', scope: 'openid', state: 's',
    response_mode: 'form_post' });
  const request = await new Person().visit(url);
  const parameters = oauth.validateAuthResponse(server, client, new URLSearchParams(await request.text()), 's');
  assert.ok(parameters.get('code'));
});

test('oauth4webapi: logout leads back', async () => {
  const party = relyingParty();
  const person = new Person();
  const tokens = await signIn(party, person);
  const url = new URL(server.end_session_endpoint);
  url.search = new URLSearchParams({ id_token_hint: tokens.id_token, post_logout_redirect_uri: SIGNED_OUT });
  assert.equal((await person.visit(url, SIGNED_OUT)).href, SIGNED_OUT);
});

test('oauth4webapi: refusals of the token endpoint are read as OAuth errors', async () => {
  const party = relyingParty();
  const response = await oauth.refreshTokenGrantRequest(server, party.client, party.auth, 'nonsense');
  await assert.rejects(oauth.processRefreshTokenResponse(server, party.client, response), { error: 'invalid_grant', status: 400 });
});
