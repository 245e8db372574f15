"""One story, told with the client that is generated from the OpenAPI document: a machine user from its creation to its end."""

import importlib
import pkgutil
import sys

import client
from client import AuthenticatedClient, Client
from client.api.audit import list_events
from client.api.oauth2 import introspect_token, request_token
from client.api.service_account import open_session, verify_credential
from client.api.service import validate_policy
from client.api.service_accounts import (
    contain_account,
    create_account,
    delete_account,
    disable_account,
    enable_account,
    get_account,
    update_account,
)
from client.api.sessions import list_sessions, revoke_session
from client.api.tokens import cancel_rotation, get_rotation, list_tokens, mint_token, revoke_token, rotate_token
from client.models import (
    AccountUpdate,
    ClientCredentials,
    Contain,
    GrantType,
    ListEventsOrder,
    NewAccount,
    NewToken,
    OAuthPresentedToken,
    OAuthTokenRequest,
    Policy,
    PolicyFail,
    PolicyOutcome,
    PolicyRequest,
    PolicyRule,
    PolicyRuleKind,
    PolicyTrialRequest,
    Problem,
    RotateToken,
)

# Every call and every shape is Python that can be loaded, not only those that the story needs.
modules = [module.name for module in pkgutil.walk_packages(client.__path__, "client.")]
for module in modules:
    importlib.import_module(module)
assert len(modules) > 200, modules

url, admin_token = sys.argv[1:]
admin = AuthenticatedClient(base_url=url, token=admin_token)

rule = PolicyRule(kind=PolicyRuleKind.MAXIMUM_LIFETIME, fail=PolicyFail.HARD, maximum="90d")
policy = Policy(name="short-lives", rules=[rule], is_enabled=True)
asked = PolicyRequest(name="first", environment="production", lifetime="365d")
tried = validate_policy.sync(client=admin, body=PolicyTrialRequest(policy=policy, request=asked))
assert tried.outcome == PolicyOutcome.BLOCK and len(tried.findings) == 1, tried

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

rotated = rotate_token.sync(created.id, created.first_token.id, client=admin, body=RotateToken(idempotency_key="story"))
again = rotate_token.sync(created.id, created.first_token.id, client=admin, body=RotateToken(idempotency_key="story"))
assert again.id == rotated.id and again.token != rotated.token, again
assert get_rotation.sync(created.id, created.first_token.id, client=admin).successor == rotated.id
machine = AuthenticatedClient(base_url=url, token=again.token)
assert verify_credential.sync(client=machine).token.id == rotated.id
assert cancel_rotation.sync(created.id, created.first_token.id, client=admin).code == "ROTATION_TOO_LATE"

disable_account.sync(created.id, client=admin)
assert isinstance(verify_credential.sync(client=machine), Problem)
enable_account.sync(created.id, client=admin)
assert verify_credential.sync(client=machine).active

sessions = list_sessions.sync(created.id, client=admin).items
assert len(sessions) == 2, sessions
for each in sessions:
    assert revoke_session.sync_detailed(created.id, each.id, client=admin).status_code < 300
assert isinstance(verify_credential.sync(client=AuthenticatedClient(base_url=url, token=session.token)), Problem)

incident = contain_account.sync(created.id, client=admin, body=Contain(reason="the story needs one"))
assert isinstance(verify_credential.sync(client=machine), Problem), incident

assert delete_account.sync_detailed(created.id, client=admin).status_code == 204
events = [event.action for event in list_events.sync(client=admin, account=created.id, order=ListEventsOrder.OLDEST).items]
assert events[0] == "account.created" and "account.deleted" in events, events
print("the story of a generated client: ok")
