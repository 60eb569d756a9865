-- A database as the first release left it, sealed with the key that migrations.test.ts names. It never changes.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE IF NOT EXISTS "schema_versions" ("version" integer not null primary key, "applied_at" integer not null) strict;
INSERT INTO schema_versions VALUES(1,1750000000000);
CREATE TABLE secrets (
    name text primary key not null,
    value text not null
  ) strict;
INSERT INTO secrets VALUES('hash-root','eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoiTUFUeW5wTXhyaHJvelQtbCIsInRibCI6InNlY3JldHMiLCJjb2wiOiJ2YWx1ZSIsInJvdyI6Imhhc2gtcm9vdCJ9..6f2W5d9FQkEbnTo4.ciUfeckidhwPTuV-aekF3TT0FOMNbD_ZJRKRzoR1lg1puMFKyLLX00cjGQ.x0taXzlQS_Lmfk47S6SIiw');
CREATE TABLE mailboxes (
    address_key text primary key not null,
    address text not null,
    provider_id text not null,
    signs_in_as text,
    created_at integer not null
  ) strict;
INSERT INTO mailboxes VALUES('printer@example.com','Printer@example.com','google',NULL,1750000000000);
INSERT INTO mailboxes VALUES('cron@example.com','cron@example.com','microsoft','boss@example.com',1750000000001);
CREATE TABLE grants (
    id text primary key not null,
    mailbox_key text not null unique references mailboxes (address_key) on delete cascade,
    version integer not null,
    state text not null check (state in ('active', 'lapsed')),
    refresh_token text not null,
    flow text not null,
    signed_in_as text,
    subject text,
    scopes text not null,
    granted_at integer not null,
    renewed_at integer not null,
    lapsed_since integer,
    lapse_reason text,
    check ((state = 'lapsed') = (lapsed_since is not null and lapse_reason is not null))
  ) strict;
INSERT INTO grants VALUES('859aef21-4bea-416a-a2b6-72d21cb00c5a','cron@example.com',1,'active','eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoiTUFUeW5wTXhyaHJvelQtbCIsInRibCI6ImdyYW50cyIsImNvbCI6InJlZnJlc2hfdG9rZW4iLCJyb3ciOiI4NTlhZWYyMS00YmVhLTQxNmEtYTJiNi03MmQyMWNiMDBjNWEifQ..MupRPbKWRuVvcLRd.lKldzebb89dW8fTuobmfA1WnoCXinV_B8KMS.9vowCNtLJe6SfIDTroe-AQ','authorization-code','boss@example.com','s1','["openid"]',1750000000000,1750000000005,NULL,NULL);
CREATE TABLE logins (
    id text primary key not null,
    user_name text not null,
    name text not null,
    senders text not null,
    networks text not null,
    verifier text not null,
    created_at integer not null,
    expires_at integer,
    revoked_at integer,
    last_used_at integer
  ) strict;
INSERT INTO logins VALUES('00000000000000a1','printer','Printer, 2nd floor','["*@example.org"]','["10.0.0.0/8"]','{"kind":"keyed","hash":"QiwQR77ZvYGrXimvgG-IbE-s8_3JwBJBcqzi3mtRYuA"}',1750000000000,1750000000007,NULL,1750000000002);
INSERT INTO logins VALUES('00000000000000a2','scanner','Scanner','[]','[]','{"kind":"scrypt","salt":"c2FsdA","hash":"aA","cost":32768,"blockSize":8,"parallelization":1}',1750000000001,NULL,1750000000003,NULL);
CREATE TABLE login_mailboxes (
    login_id text not null references logins (id) on delete cascade,
    mailbox_key text not null references mailboxes (address_key) on delete cascade,
    position integer not null,
    primary key (login_id, mailbox_key)
  ) strict;
INSERT INTO login_mailboxes VALUES('00000000000000a1','printer@example.com',0);
INSERT INTO login_mailboxes VALUES('00000000000000a1','cron@example.com',1);
INSERT INTO login_mailboxes VALUES('00000000000000a2','cron@example.com',0);
CREATE TABLE api_keys (
    id text primary key not null,
    name text not null,
    scopes text not null,
    hash text not null,
    created_at integer not null,
    expires_at integer,
    revoked_at integer,
    last_used_at integer
  ) strict;
INSERT INTO api_keys VALUES('00000000000000b1','script','["read","send:cron@example.com"]','aGFzaA',1750000000000,NULL,NULL,NULL);
CREATE TABLE consent_links (
    id text primary key not null,
    hash text not null,
    mailbox_key text not null references mailboxes (address_key) on delete cascade,
    requested_by text not null,
    created_at integer not null,
    expires_at integer not null,
    used_at integer
  ) strict;
INSERT INTO consent_links VALUES('link','aGFzaA','printer@example.com','owner',1750000000000,1750000000009,NULL);
CREATE TABLE pending_consents (
    state_hash text primary key not null,
    browser_hash text not null,
    mailbox_key text not null references mailboxes (address_key) on delete cascade,
    consent_link_id text references consent_links (id) on delete cascade,
    code_verifier text not null,
    nonce text not null,
    created_at integer not null,
    expires_at integer not null
  ) strict;
INSERT INTO pending_consents VALUES('state','browser','printer@example.com','link','eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoiTUFUeW5wTXhyaHJvelQtbCIsInRibCI6InBlbmRpbmdfY29uc2VudHMiLCJjb2wiOiJjb2RlX3ZlcmlmaWVyIiwicm93Ijoic3RhdGUifQ..1VV_A2EXvitpPUsw.7IZ3E8wi3Zr_0A.3sj6h5kTP2RLe2azb-7_tQ','eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoiTUFUeW5wTXhyaHJvelQtbCIsInRibCI6InBlbmRpbmdfY29uc2VudHMiLCJjb2wiOiJub25jZSIsInJvdyI6InN0YXRlIn0..VELn5CVFUdoGH_kf.mbGxl3liSA.tbmAoSBsH8a59c6URziNyQ',1750000000000,1750000000009);
CREATE UNIQUE INDEX logins_user_name on logins (user_name) where revoked_at is null;
CREATE INDEX login_mailboxes_mailbox_key on login_mailboxes (mailbox_key);
CREATE INDEX consent_links_mailbox_key on consent_links (mailbox_key);
CREATE INDEX pending_consents_mailbox_key on pending_consents (mailbox_key);
CREATE INDEX pending_consents_expires_at on pending_consents (expires_at);
COMMIT;
