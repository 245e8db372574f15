"""One story, told with the client that is generated from the OpenAPI document."""

import sys

from client import AuthenticatedClient, Client
from client.api.audit import list_events
from client.api.oauth2 import introspect_token, request_token
from client.api.service_account import open_session, verify_credential
from client.api.service_accounts import create_account, delete_account, get_account, update_account
from client.api.tokens import list_tokens, mint_token, revoke_token
from client.models import (
    AccountUpdate,
    ClientCredentials,
    GrantType,
    ListEventsOrder,
    NewAccount,
    NewToken,
    OAuthPresentedToken,
    OAuthTokenRequest,
    Problem,
)

url, admin_token = sys.argv[1:]
admin = AuthenticatedClient(base_url=url, token=admin_token)

wanted = NewAccount(
    name="Generated Client",
    purpose="tells a story",
    owner="data team",
    environment="production",
    first_token=NewToken(name="first"),
)
created = create_account.sync(client=admin, body=wanted, idempotency_key="story")
assert created.id == "generated_client@service", created
machine = AuthenticatedClient(base_url=url, token=created.first_token.token)
assert verify_credential.sync(client=machine).kind == "token"

taken = create_account.sync(client=admin, body=wanted)
assert isinstance(taken, Problem) and taken.code == "ID_TAKEN", taken

changed = update_account.sync(created.id, client=admin, body=AccountUpdate(purpose="tells a longer story"))
assert get_account.sync(created.id, client=admin).purpose == changed.purpose == "tells a longer story"

credentials = ClientCredentials(client_id=created.client_id, client_secret=created.client_secret)
session = open_session.sync(client=Client(base_url=url), body=credentials)
assert session.service_account.id == created.id

by_form = {"client_id": created.client_id, "client_secret": created.client_secret}
asked = OAuthTokenRequest(grant_type=GrantType.CLIENT_CREDENTIALS, **by_form)
issued = request_token.sync(client=Client(base_url=url), body=asked)
found = introspect_token.sync(client=admin, body=OAuthPresentedToken(token=issued.access_token))
assert found.active and found.client_id == created.id, found

minted = mint_token.sync(created.id, client=admin, body=NewToken(name="second", scopes=[]))
assert [token.name for token in list_tokens.sync(created.id, client=admin).items].count("second") == 1
assert revoke_token.sync(created.id, minted.id, client=admin).state == "revoked"
second = AuthenticatedClient(base_url=url, token=minted.token)
assert verify_credential.sync(client=second).code == "INVALID_TOKEN"

assert delete_account.sync_detailed(created.id, client=admin).status_code == 204
events = [event.action for event in list_events.sync(client=admin, account=created.id, order=ListEventsOrder.OLDEST).items]
assert events[0] == "account.created" and "account.deleted" in events, events
print("the story of a generated client: ok")
