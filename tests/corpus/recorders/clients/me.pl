use strict;
use warnings;
use LWP::UserAgent;
use JSON;

my $agent = LWP::UserAgent->new(timeout => 2, max_redirect => 0, env_proxy => 1);
my @headers = exists $ENV{KEY} ? (Authorization => "Bearer $ENV{KEY}") : ();
my $response = $agent->get($ENV{URL}, @headers);
if ($ARGV[0] eq 'string') {
    print $response->request->as_string, "\n", $response->as_string;
} elsif (!$response->is_success) {
    die "OutboundSync: " . $response->status_line . "\n" . ($ARGV[0] eq 'body' ? $response->decoded_content : '');
} else {
    print decode_json($response->decoded_content)->{account}{id}, "\n";
}
