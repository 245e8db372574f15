"""A receiver in Python: subscribes, verifies with `standardwebhooks`, and keeps what it got for the next verifier."""

import json
import os
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

BASE, ADMIN = os.environ["BASE"], os.environ["ADMIN"]
ACCOUNTS = "/api/v1/service-accounts"
messages, arrived, refused = [], threading.Condition(), []


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        with arrived:
            # The first attempt of all fails, so that a retry is verified too.
            status = 500 if not refused else 200
            refused.append(self.headers["webhook-id"])
            names = ["webhook-id", "webhook-timestamp", "webhook-signature"]
            messages.append({"headers": {name: self.headers[name] for name in names}, "body": body, "status": status})
            arrived.notify_all()
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def call(method, path, body=None):
    headers = {"authorization": f"Bearer {ADMIN}", "content-type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(BASE + path, data=data, method=method, headers=headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        text = answer.read()
        return json.loads(text) if text else None


def until(count):
    with arrived:
        assert arrived.wait_for(lambda: len(messages) >= count, timeout=30), f"{len(messages)} of {count} messages"


server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
threading.Thread(target=server.serve_forever, daemon=True).start()

account = call("POST", ACCOUNTS, {
    "name": "Receiver", "purpose": "is told", "owner": "ops", "role": "Admin", "environment": "production",
    "justification": "reads the trail", "first_token": {"name": "spare-2026"},
})
path = f"{ACCOUNTS}/{account['id']}/subscriptions"
subscription = call("POST", path, {
    "application": "service-accounts", "events": ["token.revoked"], "url": f"http://127.0.0.1:{server.server_port}/hook",
})
secret, path = subscription["secret"], f"{path}/{subscription['id']}"
call("POST", f"{path}/test")
until(2)
assert refused[0] == refused[1], "a retry has the id of the first attempt"
rotated = call("POST", f"{path}/secret")["secret"]
call("POST", f"{ACCOUNTS}/{account['id']}/tokens/{account['first_token']['id']}/revoke")
until(3)

for message in messages:
    Webhook(secret).verify(message["body"], message["headers"])
told = Webhook(rotated).verify(messages[2]["body"], messages[2]["headers"])
assert told["type"] == "token.revoked" and told["data"]["account"] == account["id"], told
for forged in [messages[2]["body"] + " ", messages[2]["body"].replace("revoked", "minted")]:
    try:
        Webhook(rotated).verify(forged, messages[2]["headers"])
        raise SystemExit("a forged message was accepted")
    except WebhookVerificationError:
        pass
# The service notes a delivery once it has read the answer, so a moment after the message is here.
expected = [("token.revoked", 1, "delivered"), ("subscription.tested", 2, "delivered")]
for _ in range(100):
    deliveries = call("GET", f"{path}/deliveries")["items"]
    noted = [(each["event"], each["attempts"], each["state"]) for each in deliveries]
    if noted == expected:
        break
    time.sleep(0.1)
assert noted == expected, deliveries
with open(os.environ["MESSAGES"], "w") as file:
    json.dump({"secrets": [secret, rotated], "messages": messages}, file)
print(f"standardwebhooks (Python) accepts {len(messages)} messages")
