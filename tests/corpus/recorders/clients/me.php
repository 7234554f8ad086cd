<?php
$style = $argv[1];
$headers = getenv('KEY') === false ? [] : ['Authorization: Bearer ' . getenv('KEY')];
if ($style === 'stream') {
    $context = stream_context_create(['http' => ['header' => $headers, 'timeout' => 2, 'follow_location' => 0]]);
    $body = file_get_contents(getenv('URL'), false, $context);
    if ($body === false) {
        print_r($http_response_header ?? []);
        exit(1);
    }
    $me = json_decode($body, false, 512, JSON_THROW_ON_ERROR);
    echo $me->account->id, PHP_EOL;
    exit;
}
$ch = curl_init(getenv('URL'));
curl_setopt_array($ch, [CURLOPT_RETURNTRANSFER => true, CURLOPT_HTTPHEADER => $headers, CURLOPT_TIMEOUT => 2, CURLOPT_HEADER => $style === 'dump', CURLINFO_HEADER_OUT => true]);
$answer = curl_exec($ch);
if ($answer === false) {
    throw new RuntimeException('cURL error ' . curl_errno($ch) . ': ' . curl_error($ch));
}
$status = curl_getinfo($ch, CURLINFO_HTTP_CODE);
if ($style === 'dump') {
    var_dump(curl_getinfo($ch, CURLINFO_HEADER_OUT), $status, $answer);
} elseif ($status !== 200) {
    throw new RuntimeException("OutboundSync answered $status: $answer", $status);
} else {
    var_dump(json_decode($answer, true));
    echo json_last_error_msg(), PHP_EOL;
}
