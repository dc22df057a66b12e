package traffic

import (
	"context"
	"strings"
)

// scanPaths are where scanners look for what should not be there.
const scanPaths = `
/robots.txt /sitemap.xml /.git/config /.git/HEAD /.svn/entries /.hg/hgrc /.env /.env.production /.env.bak /.aws/credentials /.ssh/id_rsa
/.htaccess /.htpasswd /.DS_Store /.vscode/sftp.json /.idea/workspace.xml /wp-login.php /wp-admin/ /wp-admin/install.php /wp-config.php.bak
/wp-content/debug.log /wp-json/wp/v2/users /xmlrpc.php /administrator/ /administrator/index.php /user/login /phpmyadmin/ /pma/ /myadmin/
/phpinfo.php /info.php /test.php /shell.php /c99.php /backup.zip /backup.tar.gz /backup.sql /dump.sql /db.sql /database.sql /site.tar.gz
/www.zip /old/ /bak/ /backup/ /tmp/ /temp/ /logs/ /log/error.log /error_log /access.log /server-status /server-info /nginx_status
/actuator /actuator/env /actuator/heapdump /actuator/health /jolokia/list /console /h2-console /manager/html /host-manager/html
/solr/admin/ /jenkins/ /jenkins/script /hudson /gitlab /users/sign_in /grafana/login /kibana /app/kibana /_cat/indices /_all_dbs
/api/v1/users /api/v2/users /api/users /api/admin /api/config /api/swagger.json /swagger.json /swagger-ui.html /openapi.json /v2/api-docs
/graphql /graphiql /debug/pprof/ /debug/vars /metrics /config.json /config.php /config.yml /configuration.php /settings.py /web.config
/app/etc/local.xml /composer.json /composer.lock /package.json /yarn.lock /Dockerfile /docker-compose.yml /Makefile /.gitlab-ci.yml
/cgi-bin/ /cgi-bin/test.cgi /cgi-bin/status /vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php /owa/auth/logon.aspx /autodiscover/autodiscover.xml
/remote/login /dana-na/auth/url_default/welcome.cgi /boaform/admin/formLogin /HNAP1/ /setup.cgi /login.action /struts/webconsole.html
/secret/ /secrets.json /private/ /hidden/ /upload/ /uploads/shell.php /files/ /install.php /setup.php /readme.html /CHANGELOG.txt /INSTALL.txt
`

// scan guesses paths. It works when something answers that is not a page of the
// shop.
func scan(ctx context.Context, v *visitor, _ int) {
	for _, path := range strings.Fields(scanPaths) {
		if ctx.Err() != nil {
			return
		}
		a := v.get(ctx, path)
		v.tried("path guessing", a.Status == 200)
	}
}
