module github.com/sqreen/sqreen/agentkit/waf/measure

go 1.24.0

require (
	github.com/sqreen/sqreen/agentkit v0.0.0
	go.yaml.in/yaml/v3 v3.0.5
)

replace github.com/sqreen/sqreen/agentkit => ../..
