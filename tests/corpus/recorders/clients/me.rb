require "net/http"
require "json"

def get_me(uri)
  request = Net::HTTP::Get.new(uri)
  request["Authorization"] = "Bearer #{ENV['KEY']}" if ENV.key?("KEY")
  Net::HTTP.start(uri.host, uri.port, use_ssl: uri.scheme == "https", open_timeout: 2, read_timeout: 2, max_retries: 0) do |http|
    http.set_debug_output($stderr) if ARGV[0] == "debug"
    http.request(request)
  end
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
