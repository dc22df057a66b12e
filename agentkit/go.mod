module github.com/sqreen/sqreen/agentkit

go 1.24.0
