require "net/http"
require "json"

def get_me(uri)
  request = Net::HTTP::Get.new(uri)
  request["Authorization"] = "Bearer #{ENV['KEY']}" if ENV.key?("KEY")
  http = Net::HTTP.new(uri.host, uri.port)
  http.use_ssl = uri.scheme == "https"
  http.open_timeout = http.read_timeout = 2
  http.max_retries = 0
  http.set_debug_output($stdout) if ARGV[0] == "debug"
  http.request(request)
end

response = get_me(URI(ENV["URL"]))
case ARGV[0]
when "value"
  response.value
  puts JSON.parse(response.body)["account"]
when "inspect"
  p response
  p response.to_hash
  puts response.body
else
  puts "#{response.code} #{response.message}"
end
