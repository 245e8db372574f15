--
-- PostgreSQL database dump
--


-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: service_accounts; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA service_accounts;


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: account; Type: TABLE; Schema: service_accounts; Owner: -
--

CREATE TABLE service_accounts.account (
    id text NOT NULL COLLATE pg_catalog."C",
    realm text NOT NULL COLLATE pg_catalog."C",
    revision bigint NOT NULL,
    record text NOT NULL
);


--
-- Name: cursor; Type: TABLE; Schema: service_accounts; Owner: -
--

CREATE TABLE service_accounts.cursor (
    reader text NOT NULL COLLATE pg_catalog."C",
    at bigint NOT NULL,
    state text NOT NULL
)
WITH (fillfactor='50');


--
-- Name: document; Type: TABLE; Schema: service_accounts; Owner: -
--

CREATE TABLE service_accounts.document (
    kind text NOT NULL COLLATE pg_catalog."C",
    id text NOT NULL COLLATE pg_catalog."C",
    revision bigint NOT NULL,
    body text NOT NULL
);


--
-- Name: event; Type: TABLE; Schema: service_accounts; Owner: -
--

CREATE TABLE service_accounts.event (
    sequence bigint NOT NULL,
    at bigint NOT NULL,
    action text NOT NULL COLLATE pg_catalog."C",
    actor text NOT NULL COLLATE pg_catalog."C",
    account text COLLATE pg_catalog."C",
    token text COLLATE pg_catalog."C",
    record text NOT NULL
);


--
-- Name: last_used; Type: TABLE; Schema: service_accounts; Owner: -
--

CREATE TABLE service_accounts.last_used (
    token text NOT NULL COLLATE pg_catalog."C",
    at bigint NOT NULL,
    address text
)
WITH (fillfactor='70');


--
-- Name: migration; Type: TABLE; Schema: service_accounts; Owner: -
--

CREATE TABLE service_accounts.migration (
    version bigint NOT NULL
);


--
-- Name: sighting; Type: TABLE; Schema: service_accounts; Owner: -
--

CREATE TABLE service_accounts.sighting (
    token text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL COLLATE pg_catalog."C",
    value text NOT NULL COLLATE pg_catalog."C",
    count bigint NOT NULL,
    first bigint NOT NULL,
    last bigint NOT NULL
)
WITH (fillfactor='70');


--
-- Name: token; Type: TABLE; Schema: service_accounts; Owner: -
--

CREATE TABLE service_accounts.token (
    id text NOT NULL COLLATE pg_catalog."C",
    account text NOT NULL COLLATE pg_catalog."C",
    realm text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL COLLATE pg_catalog."C",
    name text COLLATE pg_catalog."C",
    expires_at bigint,
    next_due bigint,
    pepper text NOT NULL COLLATE pg_catalog."C",
    revision bigint NOT NULL,
    record text NOT NULL
);


--
-- Name: turn; Type: TABLE; Schema: service_accounts; Owner: -
--

CREATE TABLE service_accounts.turn (
    sole boolean DEFAULT true NOT NULL,
    last bigint NOT NULL,
    CONSTRAINT turn_sole_check CHECK (sole)
)
WITH (fillfactor='10');


--
-- Data for Name: account; Type: TABLE DATA; Schema: service_accounts; Owner: -
--

INSERT INTO service_accounts.account VALUES ('pipeline@service', 'service', 4, '{"id":"pipeline@service","name":"pipeline","purpose":"to be kept","owner":"data platform","systems":[],"grant":{"role":"Editor","scopes":"inherited","teams":[]},"allowlist":[],"environment":"production","justification":null,"expires_at":null,"status":"enabled","approval":"not_required","generation":1,"created_at":1767225600,"created_by":"conformance","revision":4}');


--
-- Data for Name: cursor; Type: TABLE DATA; Schema: service_accounts; Owner: -
--

INSERT INTO service_accounts.cursor VALUES ('of-one', 4, '[1]');


--
-- Data for Name: document; Type: TABLE DATA; Schema: service_accounts; Owner: -
--

INSERT INTO service_accounts.document VALUES ('policy', 'of-one', 5, '{}');


--
-- Data for Name: event; Type: TABLE DATA; Schema: service_accounts; Owner: -
--

INSERT INTO service_accounts.event VALUES (3, 1767225600, 'token.revoked', 'conformance', 'pipeline@service', 'fUe6Gd9UgQ7o0HwT', '{"action":"token.revoked","actor":"conformance","at":1767225600,"account":"pipeline@service","token":"fUe6Gd9UgQ7o0HwT"}');
INSERT INTO service_accounts.event VALUES (4, 1767225600, 'credentials.revoked', 'conformance', 'pipeline@service', NULL, '{"action":"credentials.revoked","actor":"conformance","at":1767225600,"account":"pipeline@service"}');
INSERT INTO service_accounts.event VALUES (5, 1767225600, 'document.put', 'conformance', NULL, NULL, '{"action":"document.put","actor":"conformance","at":1767225600}');
INSERT INTO service_accounts.event VALUES (6, 0, 'access.denied', 'unknown', NULL, NULL, '{"action":"access.denied","actor":"unknown","at":0}');


--
-- Data for Name: last_used; Type: TABLE DATA; Schema: service_accounts; Owner: -
--

INSERT INTO service_accounts.last_used VALUES ('x4h4PlpGAjFFZmlF', 0, NULL);


--
-- Data for Name: migration; Type: TABLE DATA; Schema: service_accounts; Owner: -
--

INSERT INTO service_accounts.migration VALUES (1);
INSERT INTO service_accounts.migration VALUES (2);


--
-- Data for Name: sighting; Type: TABLE DATA; Schema: service_accounts; Owner: -
--

INSERT INTO service_accounts.sighting VALUES ('x4h4PlpGAjFFZmlF', 'used_from', '192.0.2.1', 3, 0, 0);


--
-- Data for Name: token; Type: TABLE DATA; Schema: service_accounts; Owner: -
--

INSERT INTO service_accounts.token VALUES ('fUe6Gd9UgQ7o0HwT', 'pipeline@service', 'service', 'sat', 'nightly', NULL, 0, 'k1', 3, '{"id":"fUe6Gd9UgQ7o0HwT","account":"pipeline@service","class":{"token":"nightly"},"digest":"1.k1.ca2570a98889e05248c2335f402072ad16c3b85debf108958f66687e3d7db5d6","hint":"conform_sat_fUe6…C3UH","grant":["read"],"environment":"production","allowlist":[],"state":{"state":"revoked","at":0},"created_at":1767225600,"created_by":"conformance","expires_at":null,"next_due":0,"revision":3}');
INSERT INTO service_accounts.token VALUES ('x4h4PlpGAjFFZmlF', 'pipeline@service', 'service', 'sat', 'b', NULL, NULL, 'k1', 2, '{"id":"x4h4PlpGAjFFZmlF","account":"pipeline@service","class":{"token":"b"},"digest":"1.k1.c995ebb231203feb5313018be114575a36bd48af8ddf91c29cbb5374f6604bea","hint":"conform_sat_x4h4…KoBj","grant":["read"],"environment":"production","allowlist":[],"state":{"state":"active"},"created_at":1767225600,"created_by":"conformance","expires_at":null,"next_due":null,"revision":2}');
INSERT INTO service_accounts.token VALUES ('FyTzSbzTgREt4zfa', 'pipeline@service', 'service', 'sec', NULL, NULL, NULL, 'k1', 2, '{"id":"FyTzSbzTgREt4zfa","account":"pipeline@service","class":"secret","digest":"1.k1.9928fa499c65dd9878364268eea19ecfadafc43530ecb6281470a6b391824c6a","hint":"conform_sec_FyTz…RLim","grant":["read"],"environment":"production","allowlist":[],"state":{"state":"active"},"created_at":1767225600,"created_by":"conformance","expires_at":null,"next_due":null,"revision":2}');


--
-- Data for Name: turn; Type: TABLE DATA; Schema: service_accounts; Owner: -
--

INSERT INTO service_accounts.turn VALUES (true, 6);


--
-- Name: account account_pkey; Type: CONSTRAINT; Schema: service_accounts; Owner: -
--

ALTER TABLE ONLY service_accounts.account
    ADD CONSTRAINT account_pkey PRIMARY KEY (id);


--
-- Name: cursor cursor_pkey; Type: CONSTRAINT; Schema: service_accounts; Owner: -
--

ALTER TABLE ONLY service_accounts.cursor
    ADD CONSTRAINT cursor_pkey PRIMARY KEY (reader);


--
-- Name: document document_pkey; Type: CONSTRAINT; Schema: service_accounts; Owner: -
--

ALTER TABLE ONLY service_accounts.document
    ADD CONSTRAINT document_pkey PRIMARY KEY (kind, id);


--
-- Name: event event_pkey; Type: CONSTRAINT; Schema: service_accounts; Owner: -
--

ALTER TABLE ONLY service_accounts.event
    ADD CONSTRAINT event_pkey PRIMARY KEY (sequence);


--
-- Name: last_used last_used_pkey; Type: CONSTRAINT; Schema: service_accounts; Owner: -
--

ALTER TABLE ONLY service_accounts.last_used
    ADD CONSTRAINT last_used_pkey PRIMARY KEY (token);


--
-- Name: migration migration_pkey; Type: CONSTRAINT; Schema: service_accounts; Owner: -
--

ALTER TABLE ONLY service_accounts.migration
    ADD CONSTRAINT migration_pkey PRIMARY KEY (version);


--
-- Name: sighting sighting_pkey; Type: CONSTRAINT; Schema: service_accounts; Owner: -
--

ALTER TABLE ONLY service_accounts.sighting
    ADD CONSTRAINT sighting_pkey PRIMARY KEY (token, kind, value);


--
-- Name: token token_pkey; Type: CONSTRAINT; Schema: service_accounts; Owner: -
--

ALTER TABLE ONLY service_accounts.token
    ADD CONSTRAINT token_pkey PRIMARY KEY (id);


--
-- Name: turn turn_pkey; Type: CONSTRAINT; Schema: service_accounts; Owner: -
--

ALTER TABLE ONLY service_accounts.turn
    ADD CONSTRAINT turn_pkey PRIMARY KEY (sole);


--
-- Name: account_by_realm; Type: INDEX; Schema: service_accounts; Owner: -
--

CREATE INDEX account_by_realm ON service_accounts.account USING btree (realm, id);


--
-- Name: event_by_account; Type: INDEX; Schema: service_accounts; Owner: -
--

CREATE INDEX event_by_account ON service_accounts.event USING btree (account, sequence) WHERE (account IS NOT NULL);


--
-- Name: event_by_action; Type: INDEX; Schema: service_accounts; Owner: -
--

CREATE INDEX event_by_action ON service_accounts.event USING btree (action, sequence);


--
-- Name: event_by_actor; Type: INDEX; Schema: service_accounts; Owner: -
--

CREATE INDEX event_by_actor ON service_accounts.event USING btree (actor, sequence);


--
-- Name: event_by_token; Type: INDEX; Schema: service_accounts; Owner: -
--

CREATE INDEX event_by_token ON service_accounts.event USING btree (token, sequence) WHERE (token IS NOT NULL);


--
-- Name: session_by_end; Type: INDEX; Schema: service_accounts; Owner: -
--

CREATE INDEX session_by_end ON service_accounts.token USING btree (account, expires_at NULLS FIRST, id) WHERE (kind = 'ses'::text);


--
-- Name: token_by_account; Type: INDEX; Schema: service_accounts; Owner: -
--

CREATE INDEX token_by_account ON service_accounts.token USING btree (account, kind, id);


--
-- Name: token_by_due; Type: INDEX; Schema: service_accounts; Owner: -
--

CREATE INDEX token_by_due ON service_accounts.token USING btree (realm, next_due, id) WHERE (next_due IS NOT NULL);


--
-- Name: token_by_name; Type: INDEX; Schema: service_accounts; Owner: -
--

CREATE UNIQUE INDEX token_by_name ON service_accounts.token USING btree (account, name) WHERE (name IS NOT NULL);


--
-- Name: token_by_revision; Type: INDEX; Schema: service_accounts; Owner: -
--

CREATE INDEX token_by_revision ON service_accounts.token USING btree (account, revision) WHERE (kind = ANY (ARRAY['sat'::text, 'sec'::text]));


--
-- Name: last_used last_used_token_fkey; Type: FK CONSTRAINT; Schema: service_accounts; Owner: -
--

ALTER TABLE ONLY service_accounts.last_used
    ADD CONSTRAINT last_used_token_fkey FOREIGN KEY (token) REFERENCES service_accounts.token(id) ON DELETE CASCADE;


--
-- Name: sighting sighting_token_fkey; Type: FK CONSTRAINT; Schema: service_accounts; Owner: -
--

ALTER TABLE ONLY service_accounts.sighting
    ADD CONSTRAINT sighting_token_fkey FOREIGN KEY (token) REFERENCES service_accounts.token(id) ON DELETE CASCADE;


--
-- Name: token token_account_fkey; Type: FK CONSTRAINT; Schema: service_accounts; Owner: -
--

ALTER TABLE ONLY service_accounts.token
    ADD CONSTRAINT token_account_fkey FOREIGN KEY (account) REFERENCES service_accounts.account(id);


--
-- PostgreSQL database dump complete
--


