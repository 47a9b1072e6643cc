-- A session as the last commit before format 2 wrote it (format 5).
-- Frozen: every later version has to open it. Its dataset is session-v5-mapped.jsonl.
PRAGMA application_id = 1952542057;
PRAGMA user_version = 5;
BEGIN TRANSACTION;
CREATE TABLE datasets (
                digest TEXT PRIMARY KEY,
                path TEXT NOT NULL,
                files INTEGER NOT NULL,
                size_bytes INTEGER NOT NULL,
                rows INTEGER NOT NULL,
                first_seen INTEGER NOT NULL,
                last_seen INTEGER NOT NULL UNIQUE
            );
INSERT INTO "datasets" VALUES('f2f7948fa4be8a92e2072a18b46cec87','mapped.jsonl',1,332,5,1796092414386,1796092414386);
CREATE TABLE event_values (
                event INTEGER PRIMARY KEY REFERENCES events (id),
                aspect TEXT NOT NULL CHECK (aspect IN ('verdict', 'repeats')),
                value BLOB NOT NULL
            );
CREATE TABLE events (
                id INTEGER PRIMARY KEY,
                at INTEGER NOT NULL,
                who TEXT NOT NULL,
                kind TEXT NOT NULL CHECK (kind IN ('decide', 'undo', 'redo')),
                verdict INTEGER NOT NULL CHECK (verdict BETWEEN 0 AND 3),
                about INTEGER REFERENCES events (id),
                reason TEXT NOT NULL,
                note TEXT NOT NULL,
                threshold REAL,
                direction TEXT NOT NULL CHECK (direction IN ('>=', '<=')),
                scorer TEXT,
                revision TEXT,
                side TEXT NOT NULL CHECK (side IN ('chosen', 'rejected')),
                dataset TEXT NOT NULL,
                n INTEGER NOT NULL CHECK (n >= 0),
                old BLOB NOT NULL,
                occurrences BLOB NOT NULL,
                rows BLOB NOT NULL,
                scores BLOB NOT NULL,
                identities BLOB NOT NULL,
                CHECK (kind = 'decide' OR about IS NOT NULL)
            );
INSERT INTO "events" VALUES(1,1796092414394,'ann','decide',1,NULL,'','',NULL,'>=',NULL,NULL,'chosen','f2f7948fa4be8a92e2072a18b46cec87',2,X'3D0000',X'3D0000000000000000',X'3D00000000000000000300000000000000',X'0000C07F0000C07F',X'3DB1FCD30F318626568314A70FAC44D0DD134F747AA2C70C247B83603253CB33');
INSERT INTO "events" VALUES(2,1796092414398,'ann','decide',2,NULL,'','',NULL,'>=',NULL,NULL,'chosen','f2f7948fa4be8a92e2072a18b46cec87',1,X'3D00',X'3D00000000',X'3D0400000000000000',X'0000C07F',X'D3162DFB55507B60001F969A6D16EFF9');
INSERT INTO "events" VALUES(3,1796092414399,'ann','undo',2,2,'','',NULL,'>=',NULL,NULL,'chosen','f2f7948fa4be8a92e2072a18b46cec87',1,X'3D02',X'3D00000000',X'3D0400000000000000',X'0000C07F',X'D3162DFB55507B60001F969A6D16EFF9');
INSERT INTO "events" VALUES(4,1796092414406,'ann','decide',2,NULL,'','',NULL,'>=',NULL,NULL,'chosen','f2f7948fa4be8a92e2072a18b46cec87',1,X'3D00',X'3D00000000',X'3D0200000000000000',X'0000C07F',X'E94C3AF9A847FCC643D2149DF4A8DAB2');
CREATE TABLE migrations (
                version INTEGER PRIMARY KEY,
                name TEXT NOT NULL,
                at INTEGER NOT NULL
            );
INSERT INTO "migrations" VALUES(1,'decisions',1796092414324);
INSERT INTO "migrations" VALUES(2,'score cache',1796092414338);
INSERT INTO "migrations" VALUES(3,'values of events, found duplicates',1796092414346);
INSERT INTO "migrations" VALUES(4,'queues',1796092414352);
INSERT INTO "migrations" VALUES(5,'remarks',1796092414358);
CREATE TABLE queues (
                id INTEGER PRIMARY KEY,
                at INTEGER NOT NULL,
                who TEXT NOT NULL,
                kind TEXT NOT NULL,
                side TEXT NOT NULL CHECK (side IN ('chosen', 'rejected')),
                dataset TEXT NOT NULL,
                facts TEXT NOT NULL,
                lasting INTEGER NOT NULL CHECK (lasting IN (0, 1)),
                n INTEGER NOT NULL CHECK (n >= 0),
                rows BLOB NOT NULL,
                occurrences BLOB,
                identities BLOB,
                CHECK (NOT lasting OR (identities IS NOT NULL AND occurrences IS NOT NULL))
            );
CREATE TABLE remarks (
                event INTEGER PRIMARY KEY REFERENCES events (id),
                aspect TEXT NOT NULL,
                subject TEXT NOT NULL,
                text TEXT NOT NULL
            );
CREATE TABLE score_blocks (
                id INTEGER PRIMARY KEY,
                key_id INTEGER NOT NULL REFERENCES score_keys (id),
                n INTEGER NOT NULL CHECK (n > 0),
                identities BLOB NOT NULL,
                scores BLOB NOT NULL,
                tokens BLOB NOT NULL,
                truncated BLOB NOT NULL
            );
CREATE TABLE score_keys (
                id INTEGER PRIMARY KEY,
                digest TEXT NOT NULL UNIQUE,
                fields TEXT NOT NULL
            );
CREATE TABLE search_arrays (
                search INTEGER NOT NULL REFERENCES searches (id),
                name TEXT NOT NULL,
                part INTEGER NOT NULL,
                dtype TEXT NOT NULL,
                shape TEXT NOT NULL,
                value BLOB NOT NULL,
                PRIMARY KEY (search, name, part)
            );
CREATE TABLE searches (
                id INTEGER PRIMARY KEY,
                settings TEXT NOT NULL,
                content TEXT NOT NULL,
                similarity REAL NOT NULL,
                fields TEXT NOT NULL,
                complete INTEGER NOT NULL CHECK (complete IN (0, 1))
            );
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
INSERT INTO "settings" VALUES('store.probe','"a3c33bce7fefa7a3"');
CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER events_are_never_removed BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER events_are_never_replaced BEFORE INSERT ON events WHEN EXISTS (SELECT 1 FROM events WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE INDEX score_blocks_by_key ON score_blocks (key_id);
CREATE TRIGGER event_values_are_never_changed BEFORE UPDATE ON event_values BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER event_values_are_never_removed BEFORE DELETE ON event_values BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER event_values_are_never_replaced BEFORE INSERT ON event_values WHEN EXISTS (SELECT 1 FROM event_values WHERE event = NEW.event) BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER queues_are_never_changed BEFORE UPDATE ON queues
            BEGIN SELECT RAISE(ABORT, 'queues are never changed'); END;
CREATE TRIGGER lasting_queues_are_never_removed BEFORE DELETE ON queues WHEN OLD.lasting
            BEGIN SELECT RAISE(ABORT, 'this queue stays on file'); END;
CREATE TRIGGER remarks_are_never_changed BEFORE UPDATE ON remarks BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER remarks_are_never_removed BEFORE DELETE ON remarks BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER remarks_are_never_replaced BEFORE INSERT ON remarks WHEN EXISTS (SELECT 1 FROM remarks WHERE event = NEW.event) BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
COMMIT;
