import type { ReactNode } from "react";
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { texts } from "../texts";
import { Button } from "./Button";

interface Props {
  title: string;
  wide?: boolean;
  alert?: boolean; // asks before something that cannot be undone
  onClose: () => void;
  children: ReactNode;
  footer: ReactNode;
}

// A window above the page that keeps the focus until it is closed.
export function Dialog({ title, wide, alert, onClose, children, footer }: Props) {
  return (
    <ModalOverlay
      className="overlay"
      isOpen
      isDismissable={!alert}
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
    >
      <Modal className={wide ? "modal modal-wide" : "modal"}>
        <AriaDialog className="dialog" role={alert ? "alertdialog" : "dialog"}>
          <header className="dialog-head">
            <Heading slot="title" level={2}>
              {title}
            </Heading>
            <Button look="quiet" icon="cross" aria-label={texts.close} onClick={onClose} />
          </header>
          <div className="dialog-body">{children}</div>
          <footer className="dialog-foot">{footer}</footer>
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}
