package ai.determined.webhookd;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import com.google.protobuf.util.JsonFormat;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The shared vectors; run in client/java. */
public final class SignatureVerifierTest {
  public static void main(String[] arguments) throws Exception {
    Struct.Builder file = Struct.newBuilder();
    JsonFormat.parser().merge(Files.readString(Path.of("../../tests/vectors/signatures.json")), file);
    List<Value> vectors = file.getFieldsOrThrow("vectors").getListValue().getValuesList();
    check(vectors.size() > 100, "only " + vectors.size() + " vectors");
    for (Value value : vectors) {
      Struct vector = value.getStructValue();
      byte[] body = Base64.getDecoder().decode(text(vector, "body_base64"));
      String verdict = verdict(vector, body);
      check(verdict.equals(text(vector, "expect")), text(vector, "name") + ": " + verdict);
    }
    Struct first = vectors.get(0).getStructValue();
    byte[] body = Base64.getDecoder().decode(text(first, "body_base64"));
    for (int bit = 0; bit < 8 * body.length; bit++) {
      byte[] changed = body.clone();
      changed[bit / 8] ^= (byte) (1 << bit % 8);
      check(verdict(first, changed).equals("wrong_signature"), "bit " + bit);
    }
    for (String[] keys : new String[][] {{}, {""}, {"key", ""}}) {
      try {
        new SignatureVerifier(keys);
        check(false, "bad keys were taken");
      } catch (IllegalArgumentException e) {
        // as it should be
      }
    }
    System.out.println(vectors.size() + " vectors are judged as they should be");
  }

  private static String verdict(Struct vector, byte[] body) {
    List<String> keys = new ArrayList<>();
    for (Value key : vector.getFieldsOrThrow("keys").getListValue().getValuesList()) {
      keys.add(key.getStringValue());
    }
    Map<String, List<String>> headers = new HashMap<>();
    for (Value pair : vector.getFieldsOrThrow("headers").getListValue().getValuesList()) {
      String name = pair.getListValue().getValues(0).getStringValue();
      headers.computeIfAbsent(name, n -> new ArrayList<>());
      headers.get(name).add(pair.getListValue().getValues(1).getStringValue());
    }
    Instant now = Instant.ofEpochSecond((long) vector.getFieldsOrThrow("now").getNumberValue());
    long tolerance = (long) vector.getFieldsOrThrow("tolerance_seconds").getNumberValue();
    try {
      new SignatureVerifier(keys, Duration.ofSeconds(tolerance), Clock.fixed(now, ZoneOffset.UTC))
          .verify(body, headers);
      return "ok";
    } catch (SignatureException e) {
      return e.problem().name().toLowerCase(Locale.ROOT);
    }
  }

  private static String text(Struct vector, String name) {
    return vector.getFieldsOrThrow(name).getStringValue();
  }

  private static void check(boolean holds, String message) {
    if (!holds) throw new AssertionError(message);
  }
}
