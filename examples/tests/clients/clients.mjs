// Obtain, use, introspect and revoke, by two OAuth clients for Node that nobody here wrote.

import assert from "node:assert/strict";
import * as oauth from "oauth4webapi";
import { ClientCredentials } from "simple-oauth2";

const { BASE, ADMIN } = process.env;
const plain = { [oauth.allowInsecureRequests]: true }; // the service listens on loopback

async function register(client_name) {
  const headers = { authorization: `Bearer ${ADMIN}`, "content-type": "application/json" };
  const answer = await fetch(`${BASE}/oauth2/register`, { method: "POST", headers, body: JSON.stringify({ client_name }) });
  assert.equal(answer.status, 201);
  return answer.json();
}

async function status(token) {
  return (await fetch(`${BASE}/datastores`, { headers: { authorization: `Bearer ${token}` } })).status;
}

async function oauth4webapi() {
  const issuer = new URL(BASE);
  const found = await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...plain });
  const server = await oauth.processDiscoveryResponse(issuer, found);
  const { client_id, client_secret } = await register("OAuth4WebAPI");
  const client = { client_id };
  const secret = oauth.ClientSecretBasic(client_secret);
  const asked = new URLSearchParams({ scope: "datastores:view" });
  const granted = await oauth.clientCredentialsGrantRequest(server, client, secret, asked, plain);
  const { access_token, scope } = await oauth.processClientCredentialsResponse(server, client, granted);
  assert.equal(scope, "datastores:view");
  assert.equal(await status(access_token), 200);
  const introspect = async () =>
    oauth.processIntrospectionResponse(
      server, client, await oauth.introspectionRequest(server, client, secret, access_token, plain));
  assert.equal((await introspect()).client_id, client_id);
  await oauth.processRevocationResponse(await oauth.revocationRequest(server, client, secret, access_token, plain));
  assert.deepEqual(await introspect(), { active: false });
  assert.equal(await status(access_token), 401);
}

async function simpleOauth2() {
  const { client_id, client_secret } = await register("Simple OAuth2");
  const auth = { tokenHost: BASE, tokenPath: "/oauth2/token", revokePath: "/oauth2/revoke" };
  const client = new ClientCredentials({ client: { id: client_id, secret: client_secret }, auth });
  const access = await client.getToken({ scope: "datastores:view" });
  assert.equal(await status(access.token.access_token), 200);
  await access.revoke("access_token");
  assert.equal(await status(access.token.access_token), 401);
}

await oauth4webapi();
await simpleOauth2();
console.log("oauth4webapi, simple-oauth2: ok");
