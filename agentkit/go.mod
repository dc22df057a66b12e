module github.com/sqreen/sqreen/agentkit

go 1.24.0

require (
	github.com/gaissmai/bart v0.30.0
	go.yaml.in/yaml/v3 v3.0.5
)
