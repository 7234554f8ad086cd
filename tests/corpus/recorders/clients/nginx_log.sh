# A user's own nginx in front of the API: prints its access or error log after one request.
directory=$(mktemp -d)
chmod 755 "$directory"
cat > "$directory/nginx.conf" <<CONF
user www-data;
worker_processes 1;
pid $directory/pid;
error_log $directory/error.log error;
events {}
http {
  log_format upstream '\$remote_addr - [\$time_local] "\$request" \$status \$body_bytes_sent rt=\$request_time uct=\$upstream_connect_time urt=\$upstream_response_time us=\$upstream_status host=\$proxy_host';
  access_log $directory/access.log $1;
  server {
    listen 127.0.0.1:8081;
    server_name egress.corp.example;
    location / {
      proxy_pass https://app.outboundsync.com;
      proxy_set_header Authorization "Bearer $KEY";
      proxy_ssl_server_name on;
      proxy_ssl_verify on;
      proxy_ssl_trusted_certificate /etc/ssl/certs/ca-certificates.crt;
      proxy_connect_timeout 2s;
      proxy_read_timeout 2s;
    }
  }
}
CONF
/usr/sbin/nginx -c "$directory/nginx.conf" -e "$directory/start.log"
sleep 0.3
curl -s -o /dev/null -A "crm-sync/4.2.9" "http://127.0.0.1:8081/${URL#https://*/}"
sleep 0.2
cat "$directory/$2.log"
kill "$(cat "$directory/pid")"
sleep 0.2
