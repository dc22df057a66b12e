package incidents

import (
	"slices"

	"github.com/sqreen/sqreen/agentkit/wire"
	"github.com/sqreen/sqreen/localplatform"
)

// kindInfo is what people are told about one kind of incident. MITRE ids are
// ATT&CK techniques (attack.mitre.org/techniques/ID), CWE ids are weaknesses
// (cwe.mitre.org).
type kindInfo struct {
	kind   string
	title  string // "SQL injection"
	reach  string // what an input that got through has reached: "the database"
	mitre  []string
	cwe    []string
	fix    string // what a developer should change
	atOnce string // what to do first when it got through
}

// kinds is ordered as the catalogue is read: injections, files and network,
// pages, probes, accounts.
var kinds = []kindInfo{
	{
		wire.AttackSQLi, "SQL injection", "the database",
		[]string{"T1190"},
		[]string{"CWE-89"},
		"Bind the input as a parameter of the statement instead of writing it into the text.",
		"Assume that what this statement can read has been read: check the tables named in the evidence and rotate secrets kept in them.",
	},
	{
		wire.AttackNoSQLi, "NoSQL injection", "the database",
		[]string{"T1190"},
		[]string{"CWE-943"},
		"Check that the input is a plain value before it goes into a query document; refuse objects and operators.",
		"Check what the query in the evidence can return without its condition.",
	},
	{
		wire.AttackLDAPi, "LDAP injection", "the directory",
		[]string{"T1190"},
		[]string{"CWE-90"},
		"Escape the input with your LDAP library's filter escaping.", "Review what the directory account of the app may read.",
	},
	{
		wire.AttackXPathi, "XPath injection", "an XML query",
		[]string{"T1190"},
		[]string{"CWE-643"},
		"Pass the input as an XPath variable.", "Check what the document queried contains.",
	},
	{
		wire.AttackShell, "shell injection", "a shell",
		[]string{"T1190", "T1059.004"},
		[]string{"CWE-78"},
		"Run the program directly with a list of arguments, without a shell.",
		"Treat the host as compromised: isolate it, keep its disk, rotate every credential it holds.",
	},
	{
		wire.AttackShellshock, "Shellshock attempt", "a shell",
		[]string{"T1190", "T1059.004"},
		[]string{"CWE-78"},
		"Update bash and stop passing request headers to programs as environment variables.", "Treat the host as compromised.",
	},
	{
		wire.AttackCode, "code injection", "an interpreter",
		[]string{"T1190", "T1059"},
		[]string{"CWE-94"},
		"Never evaluate input; look the allowed expressions up in a table.", "Treat the process and its credentials as compromised.",
	},
	{
		wire.AttackTemplate, "template injection", "a template engine",
		[]string{"T1190"},
		[]string{"CWE-1336"},
		"Keep templates constant and pass the input as data.", "Treat the process and its credentials as compromised.",
	},
	{
		wire.AttackSSI, "server-side include injection", "the page",
		[]string{"T1190"},
		[]string{"CWE-97"},
		"Switch server-side includes off for pages that show input.", "Check the files the server may include.",
	},
	{
		wire.AttackMail, "mail header injection", "a mail",
		[]string{"T1190"},
		[]string{"CWE-93"},
		"Refuse line breaks in addresses and subjects.", "Check the mail queue for messages you did not send.",
	},
	{
		wire.AttackCRLF, "header injection", "a response header",
		[]string{"T1190"},
		[]string{"CWE-113"},
		"Refuse line breaks in values written to headers.", "Purge shared caches in front of the app.",
	},
	{
		wire.AttackDeserial, "unsafe deserialisation", "an object decoder",
		[]string{"T1190"},
		[]string{"CWE-502"},
		"Decode into plain data types only.", "Treat the process and its credentials as compromised.",
	},
	{
		wire.AttackLog4Shell, "Log4Shell attempt", "a logger",
		[]string{"T1190"},
		[]string{"CWE-917"},
		"Update log4j wherever a Java service reads what this app writes.", "Look for outgoing LDAP and RMI connections since the first event.",
	},
	{
		wire.AttackLFI, "local file inclusion", "the file system",
		[]string{"T1190", "T1083"},
		[]string{"CWE-22"},
		"Open files below a fixed root (os.OpenRoot) instead of joining the input to a path.",
		"Rotate the secrets in the files named in the evidence.",
	},
	{
		wire.AttackRFI, "remote file inclusion", "a file of the attacker",
		[]string{"T1190"},
		[]string{"CWE-98"},
		"Load code from known places only.", "Treat the process and its credentials as compromised.",
	},
	{
		wire.AttackUpload, "upload of an executable file", "the file system",
		[]string{"T1190", "T1505.003"},
		[]string{"CWE-434"},
		"Store uploads outside the web root under names of your own.", "Find and remove the uploaded file before anybody can run it.",
	},
	{
		wire.AttackSSRF, "server-side request forgery", "the network behind the app",
		[]string{"T1190", "T1552.005"},
		[]string{"CWE-918"},
		"Allow only known hosts, and check the address that is dialled, not the name.",
		"Rotate the instance's cloud credentials and review what the target answered.",
	},
	{
		wire.AttackXXE, "XML external entity", "files or the network",
		[]string{"T1190"},
		[]string{"CWE-611"},
		"Switch external entities off in the XML parser.", "Rotate the secrets in files the process may read.",
	},
	{
		wire.AttackXSS, "cross-site scripting", "a page",
		[]string{"T1189"},
		[]string{"CWE-79"},
		"Let html/template escape the input, and enforce a content security policy.",
		"End the sessions of users who opened the page.",
	},
	{
		wire.AttackOpenRedirect, "open redirect", "a redirect",
		[]string{"T1566.002"},
		[]string{"CWE-601"},
		"Redirect to paths of your own only.", "Warn users of links that begin with your address.",
	},
	{
		wire.AttackCSP, "content security policy violation", "a page",
		[]string{"T1189"},
		[]string{"CWE-1021"},
		"Find out which page loads the blocked source; approve it if it is yours.", "Look for injected content on the page.",
	},
	{
		wire.AttackProtocol, "abuse of HTTP", "the server",
		[]string{"T1190"},
		[]string{"CWE-444"},
		"Refuse ambiguous requests at the proxy.", "Check proxy and app agree on where requests end.",
	},
	{
		wire.AttackLeak, "information leak in responses", "a client",
		[]string{"T1592"},
		[]string{"CWE-209"},
		"Answer errors without internals.", "Rotate secrets that were shown.",
	},
	{wire.AttackCustom, "match of a custom rule", "the app", nil, nil, "Follow your own runbook for this rule.", "Follow your own runbook for this rule."},
	{
		localplatform.IncidentScan, "vulnerability scan", "files that exist",
		[]string{"T1595.002", "T1595.003"},
		nil,
		"Nothing needs changing when all its requests were answered 404; remove any file it did find.",
		"Remove what it found and rotate the secrets in it.",
	},
	{
		localplatform.IncidentBruteForce, "brute force on accounts", "an account",
		[]string{"T1110.001"},
		[]string{"CWE-307"},
		"Slow repeated failures down per account, and offer a second factor.",
		"You should block the compromised account as soon as possible and contact the user.",
	},
	{
		localplatform.IncidentCredentialStuffing, "credential stuffing", "accounts",
		[]string{"T1110.004"},
		[]string{"CWE-307"},
		"Refuse passwords known from leaks, and offer a second factor.",
		"You should block the compromised accounts as soon as possible and contact their users.",
	},
	{
		localplatform.IncidentTakeover, "account takeover", "accounts",
		[]string{"T1110", "T1078"},
		[]string{"CWE-307"},
		"Ask for a second factor when someone logs in from a new place.",
		"You should block this account as soon as possible and contact the user.",
	},
}

// infoFor finds the words for a kind; an unknown one gets plain words.
func infoFor(kind string) kindInfo {
	i := slices.IndexFunc(kinds, func(k kindInfo) bool { return k.kind == kind })
	if i < 0 {
		return kindInfo{
			kind: kind, title: kind + " attack", reach: "the app",
			fix: "Look at the evidence and the rule that matched.", atOnce: "Look at the evidence and the rule that matched.",
		}
	}
	return kinds[i]
}

// tests, previews and the like: what happens there weighs less than in production.
var lesserEnvs = []string{"dev", "development", "test", "testing", "staging", "stage", "qa", "ci", "local", "demo", "sandbox", "preview"}
