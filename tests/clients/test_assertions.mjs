// Clients that prove themselves by assertions: npm openid-client and oauth4webapi sign as they do out of the box, npm jose
// with every algorithm, and with keys at a jwks_uri.
// with-doorward: --set egress_allow=127.0.0.1
import './polyfill.mjs';
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { before, test } from 'node:test';
import * as jose from 'jose';
import * as oauth from 'oauth4webapi';
import * as oidc from 'openid-client';
import { CALLBACK, issuer, Person, registerClient } from './person.mjs';

const GRANTS = ['authorization_code', 'refresh_token', 'client_credentials'];
let server;

before(async () => {
  const url = new URL(issuer);
  server = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url));
});

async function keyPair(alg, kid = 'one') {
  const { publicKey, privateKey } = await jose.generateKeyPair(alg, { extractable: true });
  return { privateKey, kid, alg, public: { ...await jose.exportJWK(publicKey), kid } };
}

async function keyed(alg, metadata = {}) {
  const key = await keyPair(alg);
  const client = registerClient({ token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [key.public] }, grant_types: GRANTS, ...metadata });
  assert.equal(client.client_secret, undefined);
  return { client, key };
}

/** The private key as both libraries take it: with the algorithm of its own import. */
const named = (key) => ({ key: key.privateKey, kid: key.kid });

async function signIn(config) {
  const verifier = oidc.randomPKCECodeVerifier();
  const state = oidc.randomState();
  const url = oidc.buildAuthorizationUrl(config, { redirect_uri: CALLBACK, scope: 'openid offline_access', state,
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' });
  const back = await new Person().visit(url);
  return oidc.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier, expectedState: state, idTokenExpected: true });
}

/** Everything that a client authenticates for. */
async function everything(config) {
  const tokens = await signIn(config);
  const next = await oidc.refreshTokenGrant(config, tokens.refresh_token);
  assert.equal((await oidc.tokenIntrospection(config, next.access_token)).active, true);
  await oidc.tokenRevocation(config, next.refresh_token);
  assert.equal((await oidc.tokenIntrospection(config, next.access_token)).active, false);
  const machine = await oidc.clientCredentialsGrant(config, { scope: 'read:things' });
  assert.equal((await oidc.tokenIntrospection(config, machine.access_token)).client_id, config.clientMetadata().client_id);
}

test('discovery tells openid-client of the ways and their algorithms', () => {
  for (const endpoint of ['token', 'revocation', 'introspection']) {
    for (const way of ['private_key_jwt', 'client_secret_jwt']) assert.ok(server[`${endpoint}_endpoint_auth_methods_supported`].includes(way), way);
    for (const alg of ['PS256', 'ES256', 'EdDSA', 'HS256']) assert.ok(server[`${endpoint}_endpoint_auth_signing_alg_values_supported`].includes(alg), alg);
  }
});

for (const alg of ['RS256', 'PS256', 'ES256', 'ES384', 'Ed25519'])
  test(`openid-client: private_key_jwt, ${alg}: code, refresh, introspection, revocation, client_credentials`, async () => {
    const { client, key } = await keyed(alg);
    const way = oidc.PrivateKeyJwt(named(key));
    await everything(await oidc.discovery(new URL(issuer), client.client_id, {}, way));
  });

test('openid-client: client_secret_jwt: code, refresh, introspection, revocation, client_credentials', async () => {
  const client = registerClient({ token_endpoint_auth_method: 'client_secret_jwt', grant_types: GRANTS });
  await everything(await oidc.discovery(new URL(issuer), client.client_id, {}, oidc.ClientSecretJwt(client.client_secret)));
});

for (const [name, party] of [['private_key_jwt', async () => {
  const { client, key } = await keyed('ES256');
  return [client, oauth.PrivateKeyJwt(named(key))];
}], ['client_secret_jwt', async () => {
  const client = registerClient({ token_endpoint_auth_method: 'client_secret_jwt', grant_types: GRANTS });
  return [client, oauth.ClientSecretJwt(client.client_secret)];
}]])
  test(`oauth4webapi: ${name}: client_credentials, introspection, revocation`, async () => {
    const [registered, auth] = await party();
    const client = { client_id: registered.client_id };
    const answer = await oauth.clientCredentialsGrantRequest(server, client, auth, new URLSearchParams({ scope: 'read:things' }));
    const tokens = await oauth.processClientCredentialsResponse(server, client, answer);
    const seen = await oauth.processIntrospectionResponse(server, client, await oauth.introspectionRequest(server, client, auth, tokens.access_token));
    assert.equal(seen.active, true);
    await oauth.processRevocationResponse(await oauth.revocationRequest(server, client, auth, tokens.access_token));
    const after = await oauth.processIntrospectionResponse(server, client, await oauth.introspectionRequest(server, client, auth, tokens.access_token));
    assert.equal(after.active, false);
  });

/** A token by an assertion that jose signs; the answer. */
async function ask(client, key, { alg = key.alg, claims = {}, header = {} } = {}) {
  const now = Math.floor(Date.now() / 1000);
  const text = await new jose.SignJWT({ iss: client.client_id, sub: client.client_id, aud: issuer, jti: crypto.randomUUID(), iat: now, exp: now + 60, ...claims })
    .setProtectedHeader({ alg, kid: key.kid, ...header }).sign(key.privateKey);
  const words = { grant_type: 'client_credentials', client_assertion: text, client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' };
  const send = () => fetch(server.token_endpoint, { method: 'POST', body: new URLSearchParams(words) });
  return { first: await send(), again: await send() };
}

for (const alg of ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'])
  test(`jose: an assertion signed ${alg} works once (T-36)`, async () => {
    const { client, key } = await keyed(alg, { token_endpoint_auth_signing_alg: alg });
    const { first, again } = await ask(client, key);
    assert.equal(first.status, 200, await first.text());
    assert.equal(again.status, 401);
    assert.equal((await again.json()).error, 'invalid_client');
  });

test('jose: keys at a jwks_uri: fetched, kept, and fetched anew for a kid that is not there', async () => {
  const [old, next] = [await keyPair('ES256', 'old'), await keyPair('EdDSA', 'next')];
  let keys = [old.public];
  let fetches = 0;
  const place = createServer((request, response) => {
    fetches++;
    response.setHeader('Content-Type', 'application/jwk-set+json');
    response.end(JSON.stringify({ keys }));
  });
  await new Promise((resolve) => place.listen(0, '127.0.0.1', resolve));
  try {
    const jwks_uri = `http://127.0.0.1:${place.address().port}/jwks`;
    const client = registerClient({ token_endpoint_auth_method: 'private_key_jwt', jwks_uri, grant_types: GRANTS });
    for (let i = 0; i < 3; i++) assert.equal((await ask(client, old)).first.status, 200);
    assert.equal(fetches, 1);
    keys = [old.public, next.public];
    assert.equal((await ask(client, next)).first.status, 200);
    assert.equal(fetches, 2);
    assert.equal((await ask(client, await keyPair('ES256', 'unknown'))).first.status, 401);
    assert.equal(fetches, 2);
  } finally {
    place.close();
  }
});
