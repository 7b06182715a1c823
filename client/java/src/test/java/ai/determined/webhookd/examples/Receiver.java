package ai.determined.webhookd.examples;

import ai.determined.webhookd.Events;
import ai.determined.webhookd.SignatureException;
import ai.determined.webhookd.SignatureVerifier;
import ai.determined.webhookd.v1.Event;
import com.google.protobuf.InvalidProtocolBufferException;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;

/** Receives webhooks on a free port, and prints those that are genuine: Receiver KEY [KEY...]. */
public final class Receiver {
  // [docs:receive]
  private final SignatureVerifier verifier;

  Receiver(String... keys) { // the signing key; while it is rotated, the old one too
    verifier = new SignatureVerifier(keys);
  }

  void handle(HttpExchange exchange) throws IOException {
    byte[] body = exchange.getRequestBody().readAllBytes();
    try {
      verifier.verify(body, exchange.getRequestHeaders());
      Event event = Events.parse(body);
      String name = event.getEventData().getExperiment().getName();
      String state = event.getEventData().getExperiment().getState();
      answer(exchange, 200, String.join(" ", event.getEventType(), name, state, event.getEventId()));
    } catch (SignatureException e) {
      answer(exchange, 401, e.getMessage());
    } catch (InvalidProtocolBufferException e) {
      answer(exchange, 400, "the body is not an event: " + e.getMessage());
    }
  }
  // [docs:end]

  private static void answer(HttpExchange exchange, int status, String message) throws IOException {
    System.out.println(status + " " + message);
    exchange.sendResponseHeaders(status, -1);
    exchange.close();
  }

  public static void main(String[] keys) throws IOException {
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    server.createContext("/", new Receiver(keys)::handle);
    server.start();
    System.out.println("listening on " + server.getAddress().getPort());
  }
}
