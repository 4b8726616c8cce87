// DPoP and certificates as npm openid-client, oauth4webapi and jose know them: tokens bound to keys, nonces of ours, and
// clients that prove themselves by a certificate.
// with-doorward: --server nginx --mtls --set dpop_nonce_lifetime=5m
import './polyfill.mjs';
import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { before, test } from 'node:test';
import * as jose from 'jose';
import * as oauth from 'oauth4webapi';
import * as oidc from 'openid-client';
import { CALLBACK, issuer, Person, registerClient } from './person.mjs';

const MACHINE = { grant_types: ['client_credentials'], redirect_uris: undefined, response_types: undefined,
  post_logout_redirect_uris: undefined, scope: 'read:things' };
let server;
let keys;

before(async () => {
  const url = new URL(issuer);
  server = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url));
  keys = jose.createRemoteJWKSet(new URL(server.jwks_uri), { timeoutDuration: 60000 });
});

// --- DPoP ---

async function signIn(config, DPoP, parameters = {}) {
  const verifier = oidc.randomPKCECodeVerifier();
  const state = oidc.randomState();
  const url = oidc.buildAuthorizationUrl(config, { redirect_uri: CALLBACK, scope: 'openid profile offline_access', state,
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', ...parameters });
  const back = await new Person().visit(url);
  return oidc.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier, expectedState: state, idTokenExpected: true }, undefined, { DPoP });
}

async function relyingParty(metadata = {}) {
  const client = registerClient(metadata);
  const way = metadata.token_endpoint_auth_method === 'none' ? oidc.None() : oidc.ClientSecretBasic(client.client_secret);
  return oidc.discovery(new URL(issuer), client.client_id, {}, way);
}

for (const alg of ['ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512'])
  test(`openid-client: DPoP by ${alg} through the whole flow: dpop_jkt, nonces, code, UserInfo, refresh`, async () => {
    const config = await relyingParty({ token_endpoint_auth_method: 'none', dpop_bound_access_tokens: true });
    assert.ok(config.serverMetadata().dpop_signing_alg_values_supported.includes(alg));
    const pair = await oidc.randomDPoPKeyPair(alg);
    const DPoP = oidc.getDPoPHandle(config, pair);
    const jkt = await DPoP.calculateThumbprint();
    const tokens = await signIn(config, DPoP, { dpop_jkt: jkt });
    assert.equal(tokens.token_type, 'dpop');
    const { payload } = await jose.jwtVerify(tokens.access_token, keys, { issuer, typ: 'at+jwt' });
    assert.deepEqual(payload.cnf, { jkt });
    assert.equal(await jose.calculateJwkThumbprint(await jose.exportJWK(pair.publicKey)), jkt);
    const info = await oidc.fetchUserInfo(config, tokens.access_token, payload.sub, { DPoP });
    assert.equal(info.sub, payload.sub);
    const fresh = await oidc.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
    assert.equal(fresh.token_type, 'dpop');
    const other = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair('ES256'));
    await assert.rejects(oidc.refreshTokenGrant(config, fresh.refresh_token, undefined, { DPoP: other }), { error: 'invalid_grant' });
    await assert.rejects(oidc.fetchUserInfo(config, fresh.access_token, payload.sub, { DPoP: other }));
    await assert.rejects(oidc.fetchUserInfo(config, fresh.access_token, payload.sub));
  });

test('jose: a proof by EdDSA, made by hand', async () => {
  const { publicKey, privateKey } = await jose.generateKeyPair('EdDSA', { extractable: true });
  const jwk = await jose.exportJWK(publicKey);
  const client = registerClient(MACHINE);
  const ask = async (nonce) => {
    const proof = await new jose.SignJWT({ jti: crypto.randomUUID(), htm: 'POST', htu: server.token_endpoint, ...(nonce && { nonce }) })
      .setProtectedHeader({ typ: 'dpop+jwt', alg: 'EdDSA', jwk }).setIssuedAt().sign(privateKey);
    const authorization = `Basic ${btoa(`${client.client_id}:${client.client_secret}`)}`;
    return fetch(server.token_endpoint, { method: 'POST', headers: { authorization, dpop: proof }, body: new URLSearchParams({ grant_type: 'client_credentials' }) });
  };
  const first = await ask();
  assert.equal((await first.json()).error, 'use_dpop_nonce');
  const body = await (await ask(first.headers.get('dpop-nonce'))).json();
  assert.equal(body.token_type, 'DPoP');
  const { payload } = await jose.jwtVerify(body.access_token, keys, { issuer });
  assert.equal(payload.cnf.jkt, await jose.calculateJwkThumbprint(jwk));
});

test('oauth4webapi: use_dpop_nonce once at each endpoint, as the library reads it; introspection tells cnf', async () => {
  const registered = registerClient();
  const client = { client_id: registered.client_id };
  const auth = oauth.ClientSecretBasic(registered.client_secret);
  const pair = await oauth.generateKeyPair('ES256');
  const DPoP = oauth.DPoP(client, pair);
  const config = await oidc.discovery(new URL(issuer), registered.client_id, {}, oidc.ClientSecretBasic(registered.client_secret));
  const tokens = await signIn(config, oidc.getDPoPHandle(config, pair));
  const refresh = () => oauth.refreshTokenGrantRequest(server, client, auth, tokens.refresh_token, { DPoP })
    .then((response) => oauth.processRefreshTokenResponse(server, client, response));
  await assert.rejects(refresh(), (error) => oauth.isDPoPNonceError(error));
  const fresh = await refresh();
  const seen = await oauth.processIntrospectionResponse(server, client, await oauth.introspectionRequest(server, client, auth, fresh.access_token));
  assert.equal(seen.token_type, 'DPoP');
  assert.deepEqual(seen.cnf, { jkt: await DPoP.calculateThumbprint() });
  const url = new URL(server.userinfo_endpoint);
  const again = oauth.DPoP(client, pair);
  const ask = () => oauth.protectedResourceRequest(fresh.access_token, 'GET', url, undefined, undefined, { DPoP: again });
  await assert.rejects(ask(), (error) => oauth.isDPoPNonceError(error));
  assert.equal((await ask()).status, 200);
});

// --- certificates ---

const file = (name) => readFileSync(`${process.env.DOORWARD_CERTIFICATES}/${name}`, 'utf8');

/** fetch over a connection that shows the certificate of that name. */
function fetchWith(name) {
  const identity = { cert: file(`${name}.pem`), key: file(`${name}-key.pem`) };
  return (address, options = {}) => new Promise((resolve, reject) => {
    const headers = Object.fromEntries(new Headers(options.headers));
    const body = options.body === undefined || options.body === null ? undefined : String(options.body);
    if (body !== undefined) headers['content-type'] ??= 'application/x-www-form-urlencoded;charset=UTF-8';
    const sent = request(address, { method: options.method, headers, agent: false, ...identity }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () => resolve(new Response(parts.length ? Buffer.concat(parts) : null, { status: answer.statusCode, headers: answer.headers })));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

const thumbprintOf = (name) => createHash('sha256').update(new X509Certificate(file(`${name}.pem`)).raw).digest('base64url');

async function jwkOf(name) {
  return jose.exportJWK(await jose.importX509(file(`${name}.pem`), 'ES256', { extractable: true }));
}

async function backend(name, metadata) {
  const client = registerClient({ ...MACHINE, tls_client_certificate_bound_access_tokens: true, ...metadata });
  const config = await oidc.discovery(new URL(issuer), client.client_id, { use_mtls_endpoint_aliases: true }, oidc.TlsClientAuth());
  config[oidc.customFetch] = fetchWith(name);
  return config;
}

test('openid-client: tls_client_auth at the alias that discovery tells, and a token bound to the certificate', async () => {
  const config = await backend('signed', { token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_san_dns: 'backend.example' });
  const tokens = await oidc.clientCredentialsGrant(config, { scope: 'read:things' });
  const { payload } = await jose.jwtVerify(tokens.access_token, keys, { issuer });
  assert.deepEqual(payload.cnf, { 'x5t#S256': thumbprintOf('signed') });
  const seen = await oidc.tokenIntrospection(config, tokens.access_token);
  assert.deepEqual([seen.active, seen.cnf], [true, payload.cnf]);
  config[oidc.customFetch] = fetchWith('own');
  await assert.rejects(oidc.clientCredentialsGrant(config), { error: 'invalid_client' });
});

test('openid-client: self_signed_tls_client_auth by the key of the certificate', async () => {
  const jwks = { keys: [{ ...await jwkOf('own'), x5c: [new X509Certificate(file('own.pem')).raw.toString('base64')] }] };
  const config = await backend('own', { token_endpoint_auth_method: 'self_signed_tls_client_auth', jwks });
  const tokens = await oidc.clientCredentialsGrant(config);
  const { payload } = await jose.jwtVerify(tokens.access_token, keys, { issuer });
  assert.deepEqual(payload.cnf, { 'x5t#S256': thumbprintOf('own') });
  config[oidc.customFetch] = fetchWith('signed');
  await assert.rejects(oidc.clientCredentialsGrant(config), { error: 'invalid_client' });
});

test('oauth4webapi: tls_client_auth, and a token that is good with its certificate alone', async () => {
  const registered = registerClient({ token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_subject_dn: 'CN=backend,O=Acme',
    tls_client_certificate_bound_access_tokens: true });
  const client = { client_id: registered.client_id, use_mtls_endpoint_aliases: true };
  const options = { [oauth.customFetch]: fetchWith('signed') };
  const verifier = oauth.generateRandomCodeVerifier();
  const url = new URL(server.authorization_endpoint);
  url.search = new URLSearchParams({ client_id: client.client_id, redirect_uri: CALLBACK, response_type: 'code', scope: 'openid', state: 's',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' });
  const parameters = oauth.validateAuthResponse(server, client, await new Person().visit(url), 's');
  const tokens = await oauth.processAuthorizationCodeResponse(server, client,
    await oauth.authorizationCodeGrantRequest(server, client, oauth.TlsClientAuth(), parameters, CALLBACK, verifier, options));
  const { sub } = oauth.getValidatedIdTokenClaims(tokens);
  const info = await oauth.processUserInfoResponse(server, client, sub, await oauth.userInfoRequest(server, client, tokens.access_token, options));
  assert.equal(info.sub, sub);
  const stolen = await oauth.userInfoRequest(server, { client_id: client.client_id }, tokens.access_token);
  assert.equal(stolen.status, 401);
});
