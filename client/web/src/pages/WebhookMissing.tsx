import { texts } from "../texts";
import { Notice } from "../ui/bits";
import { ButtonLink } from "../ui/Button";

export function Missing({ id }: { id: number }) {
  return (
    <Notice icon="search" title={texts.notFound.webhook(id)} level={1}>
      <p>{texts.notFound.webhookHint}</p>
      <ButtonLink look="primary" to="/webhooks">
        {texts.notFound.back}
      </ButtonLink>
    </Notice>
  );
}
