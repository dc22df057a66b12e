// Package queries is the one query language of sqreen: the same filter in inventory, activity, events,
// incidents, users, playbooks, command line, terminal explorer and API.
package queries
