package traffic

import (
	"context"
	"fmt"
	"net/http"

	"github.com/sqreen/sqreen/cmd/demo/planted"
)

// credential is a line of the list that the stuffer bought.
type credential struct{ email, password string }

// leakedList holds strangers, customers with the password they used elsewhere,
// and a few who use the same one here.
func (v *visitor) leakedList() []credential {
	var list []credential
	for i, u := range planted.Users() {
		password := fmt.Sprintf("%s%d", pick(v.rng, []string{"monkey", "Summer", "princess", "hunter", "abc"}), v.rng.IntN(3000))
		if u.Reused {
			password = u.Password
		}
		list = append(list, credential{u.Email, password})
		if i%3 == 0 {
			list = append(list, credential{fmt.Sprintf("user%d@mail.example", v.rng.IntN(10000)), password})
		}
	}
	v.rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}

// stuff tries a bought list from two addresses. It works when a
// session opens.
func stuff(ctx context.Context, v *visitor, round int) {
	first := v.ip.As16()[15]
	for i, c := range v.leakedList() {
		if ctx.Err() != nil {
			return
		}
		from := v.from(hostOf(AttackersV4, first+byte(40+(i+round)%2)))
		a := from.post(ctx, "/login", "email", c.email, "password", c.password)
		in := a.Status == http.StatusSeeOther && a.Place == "/account"
		v.tried("leaked passwords", in)
		if in {
			v.took(lootAccount, c.email)
			from.get(ctx, "/account")
		}
	}
}
