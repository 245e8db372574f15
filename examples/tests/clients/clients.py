"""Obtain, use, introspect and revoke, by two OAuth clients for Python that nobody here wrote."""

import os

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # the service listens on loopback

import requests
from authlib.integrations.requests_client import OAuth2Session as Authlib
from oauthlib.oauth2 import BackendApplicationClient
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

BASE = os.environ["BASE"]
ADMIN = os.environ["ADMIN"]


def register(name):
    answer = requests.post(
        f"{BASE}/oauth2/register", json={"client_name": name}, headers={"Authorization": f"Bearer {ADMIN}"}
    )
    assert answer.status_code == 201, answer.text
    return answer.json()["client_id"], answer.json()["client_secret"]


def works(session):
    return session.get(f"{BASE}/datastores").status_code


def authlib(method):
    client_id, secret = register(f"Authlib {method}")
    session = Authlib(client_id, secret, token_endpoint_auth_method=method, scope="datastores:view")
    token = session.fetch_token(f"{BASE}/oauth2/token", grant_type="client_credentials")
    assert token["scope"] == "datastores:view", token
    assert works(session) == 200
    told = session.introspect_token(f"{BASE}/oauth2/introspect", token=token["access_token"]).json()
    assert told["active"] and told["client_id"] == client_id, told
    assert session.revoke_token(f"{BASE}/oauth2/revoke", token=token["access_token"]).status_code == 200
    told = session.introspect_token(f"{BASE}/oauth2/introspect", token=token["access_token"])
    assert told.text == '{"active":false}', told.text
    assert requests.get(f"{BASE}/datastores", headers={"Authorization": f"Bearer {token['access_token']}"}).status_code == 401


def requests_oauthlib():
    client_id, secret = register("Requests OAuthlib")
    basic = HTTPBasicAuth(client_id, secret)
    session = OAuth2Session(client=BackendApplicationClient(client_id=client_id))
    token = session.fetch_token(f"{BASE}/oauth2/token", auth=basic)
    assert works(session) == 200
    body = {"token": token["access_token"]}
    assert requests.post(f"{BASE}/oauth2/introspect", data=body, auth=basic).json()["active"]
    assert requests.post(f"{BASE}/oauth2/revoke", data=body, auth=basic).status_code == 200
    assert works(session) == 401


authlib("client_secret_basic")
authlib("client_secret_post")
requests_oauthlib()
print("authlib, requests-oauthlib: ok")
