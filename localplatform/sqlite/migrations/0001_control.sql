-- Control data. Columns hold what statements look at, doc holds the whole value
-- as JSON. Times are microseconds, addresses 16 bytes, names ignore ASCII case.
CREATE TABLE sequences (name TEXT PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE apps (
	name     TEXT NOT NULL COLLATE NOCASE,
	env      TEXT NOT NULL COLLATE NOCASE,
	doc      TEXT NOT NULL,
	packages TEXT NOT NULL, -- those of the stack, a line each: name, tab, version
	PRIMARY KEY (name, env)
);

CREATE TABLE instances (
	app       TEXT NOT NULL COLLATE NOCASE,
	env       TEXT NOT NULL COLLATE NOCASE,
	id        TEXT NOT NULL,
	last_seen INTEGER NOT NULL,
	doc       TEXT NOT NULL,
	PRIMARY KEY (app, env, id)
);
CREATE INDEX instances_last_seen ON instances (last_seen);

CREATE TABLE incidents (
	id            INTEGER PRIMARY KEY,
	app           TEXT COLLATE NOCASE,
	env           TEXT COLLATE NOCASE,
	kind          TEXT COLLATE NOCASE,
	title         TEXT COLLATE NOCASE,
	severity      TEXT COLLATE NOCASE,
	severity_rank INTEGER NOT NULL,
	state         TEXT COLLATE NOCASE,
	assignee      TEXT COLLATE NOCASE,
	first_seen    INTEGER,
	last_seen     INTEGER,
	events        INTEGER NOT NULL,
	blocked       INTEGER NOT NULL,
	reached       INTEGER NOT NULL,
	exploited     INTEGER NOT NULL,
	ip            BLOB,
	doc           TEXT NOT NULL
);
CREATE INDEX incidents_last_seen ON incidents (last_seen);
CREATE INDEX incidents_live ON incidents (id) WHERE state IN ('open', 'acknowledged', 'snoozed', 'ignored');

CREATE TABLE timeline (
	n        INTEGER PRIMARY KEY,
	incident INTEGER NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
	at       INTEGER,
	who      TEXT NOT NULL,
	what     TEXT NOT NULL,
	body     TEXT NOT NULL
);
CREATE INDEX timeline_incident ON timeline (incident, at, n);

CREATE TABLE actions (
	n       INTEGER PRIMARY KEY,
	id      TEXT NOT NULL UNIQUE,
	version INTEGER NOT NULL,
	hits    INTEGER NOT NULL,
	doc     TEXT NOT NULL
);
CREATE INDEX actions_version ON actions (version);

CREATE TABLE policies (
	security_group TEXT NOT NULL COLLATE NOCASE,
	app            TEXT NOT NULL COLLATE NOCASE,
	env            TEXT NOT NULL COLLATE NOCASE,
	doc            TEXT NOT NULL,
	PRIMARY KEY (security_group, app, env)
);

CREATE TABLE tokens (
	id      TEXT PRIMARY KEY,
	hash    BLOB NOT NULL UNIQUE,
	created INTEGER NOT NULL,
	doc     TEXT NOT NULL
);

CREATE TABLE audit (
	id     INTEGER PRIMARY KEY,
	at     INTEGER,
	who    TEXT NOT NULL,
	what   TEXT NOT NULL,
	target TEXT NOT NULL,
	body   TEXT NOT NULL
);

CREATE TABLE named_values (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
