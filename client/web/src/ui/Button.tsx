import { createLink, type LinkComponent } from "@tanstack/react-router";
import { type AnchorHTMLAttributes, type ButtonHTMLAttributes, type Ref } from "react";
import { Icon, type IconName } from "./Icon";

type Look = "plain" | "primary" | "danger" | "quiet";

interface Shared {
  look?: Look;
  icon?: IconName;
  small?: boolean;
}

function classes(
  { look = "plain", small }: Shared,
  iconOnly: boolean,
  more: string | undefined,
): string {
  return ["button", `button-${look}`, small && "button-small", iconOnly && "button-icon", more]
    .filter(Boolean)
    .join(" ");
}

type ButtonProps = Shared &
  ButtonHTMLAttributes<HTMLButtonElement> & { busy?: boolean; ref?: Ref<HTMLButtonElement> };

// While `busy` it keeps the focus and does nothing.
export function Button({
  look,
  icon,
  small,
  busy,
  className,
  children,
  onClick,
  ...rest
}: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      className={classes({ look, small }, children === undefined, className)}
      aria-disabled={busy || undefined}
      onClick={(event) => {
        if (busy) event.preventDefault();
        else onClick?.(event);
      }}
    >
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

type AnchorProps = Shared &
  AnchorHTMLAttributes<HTMLAnchorElement> & { ref?: Ref<HTMLAnchorElement> };

function Anchor({ look, icon, small, className, children, ...rest }: AnchorProps) {
  return (
    <a {...rest} className={classes({ look, small }, children === undefined, className)}>
      {icon && <Icon name={icon} />}
      {children}
    </a>
  );
}

// A link that looks like a button.
export const ButtonLink: LinkComponent<typeof Anchor> = createLink(Anchor);
