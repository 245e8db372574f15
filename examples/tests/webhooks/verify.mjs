// The messages that the receiver in Python got, verified by the package of npm.
import { readFileSync } from "node:fs";
import { Webhook } from "standardwebhooks";

const { secrets, messages } = JSON.parse(readFileSync(process.env.MESSAGES, "utf8"));
for (const { headers, body } of messages) {
    new Webhook(secrets[0]).verify(body, headers);
}
const last = messages.at(-1);
new Webhook(secrets[1]).verify(last.body, last.headers);
try {
    new Webhook(secrets[1]).verify(`${last.body} `, last.headers);
    process.exit(1);
} catch (error) {
    if (error.constructor.name !== "WebhookVerificationError") throw error;
}
console.log(`standardwebhooks (Node) accepts ${messages.length} messages`);
