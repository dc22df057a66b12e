module example.com/guestbook

go 1.24.0

require github.com/sqreen/sqreen/agentkit v0.0.0

require (
	github.com/gaissmai/bart v0.30.0 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
)

replace github.com/sqreen/sqreen/agentkit => ../../../../agentkit
