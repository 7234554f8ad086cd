import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

public class Me {
    public static void main(String[] arguments) throws Exception {
        HttpClient client = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).version(HttpClient.Version.HTTP_1_1).build();
        HttpRequest.Builder builder = HttpRequest.newBuilder(URI.create(System.getenv("URL"))).timeout(Duration.ofSeconds(3));
        if (System.getenv("KEY") != null) {
            builder.header("Authorization", "Bearer " + System.getenv("KEY"));
        }
        HttpRequest request = builder.build();
        HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
        if (arguments[0].equals("print")) {
            System.out.println(response);
            System.out.println(request.headers());
            System.out.println(response.headers().map());
            System.out.println(response.body());
        } else if (response.statusCode() != 200) {
            throw new IllegalStateException("Unexpected response from OutboundSync: HTTP " + response.statusCode() + ", body: " + response.body());
        } else {
            System.out.println(response.body());
        }
    }
}
