package ai.determined.webhookd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Named.named;
import static org.junit.jupiter.params.provider.Arguments.arguments;

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
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The shared vectors of tests/vectors. */
final class SignatureVerifierTest {
  /** The names and contents of the vectors. */
  static List<Arguments> vectors() throws Exception {
    Struct.Builder file = Struct.newBuilder();
    JsonFormat.parser().merge(Files.readString(Path.of("../../tests/vectors/signatures.json")), file);
    List<Arguments> vectors = new ArrayList<>();
    for (Value value : file.getFieldsOrThrow("vectors").getListValue().getValuesList()) {
      vectors.add(arguments(named(text(value.getStructValue(), "name"), value.getStructValue())));
    }
    return vectors;
  }

  @ParameterizedTest
  @MethodSource("vectors")
  void judgesVector(Struct vector) {
    assertEquals(text(vector, "expect"), verdict(vector, body(vector)));
  }

  @Test
  void thereAreManyVectors() throws Exception {
    assertTrue(vectors().size() > 100, "only " + vectors().size() + " vectors");
  }

  @Test
  void noticesEveryChangedBit() throws Exception {
    Struct vector = (Struct) ((Named<?>) vectors().get(0).get()[0]).getPayload();
    byte[] body = body(vector);
    for (int bit = 0; bit < 8 * body.length; bit++) {
      byte[] changed = body.clone();
      changed[bit / 8] ^= (byte) (1 << bit % 8);
      assertEquals("wrong_signature", verdict(vector, changed), "bit " + bit);
    }
  }

  @Test
  void refusesBadKeys() {
    for (String[] keys : new String[][] {{}, {""}, {"key", ""}}) {
      assertThrows(IllegalArgumentException.class, () -> new SignatureVerifier(keys));
    }
  }

  private static byte[] body(Struct vector) {
    return Base64.getDecoder().decode(text(vector, "body_base64"));
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
}
