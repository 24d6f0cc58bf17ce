import { Anchor, Button, Center, Loader, Stack, Text, Title } from "@mantine/core"
import { useEffect, useState } from "react"
import { Preferences } from "../app/Preferences.tsx"
import { RoostMark } from "../app/RoostMark.tsx"
import { Fault } from "../display/Fault.tsx"
import { Form } from "../display/Form.tsx"
import { TextField } from "../display/TextField.tsx"
import { useText } from "../language/Language.tsx"
import { useSignIn, useSignInWays } from "./session.ts"
import classes from "./SignInPage.module.css"
import { takeSignInCode } from "./signInCode.ts"

/** Of who comes by the link of `npm start`, it asks for nothing. */
export const SignInPage = () => {
  const t = useText().signIn
  const signIn = useSignIn()
  const provider = useSignInWays().data?.oidc
  const [token, setToken] = useState("")
  const [byAccount, setByAccount] = useState(false)
  const [name, setName] = useState("")
  const [password, setPassword] = useState("")
  const { mutate } = signIn
  useEffect(() => {
    const take = () => {
      const code = takeSignInCode()
      if (code !== undefined) mutate({ code })
    }
    take()
    // A link that is followed while this page is open loads nothing.
    addEventListener("hashchange", take)
    return () => removeEventListener("hashchange", take)
  }, [mutate])
  const byCode = signIn.variables !== undefined && "code" in signIn.variables
  if (byCode && signIn.isPending) {
    return (
      <Center mih="100vh">
        <Loader aria-label={t.signingIn} />
      </Center>
    )
  }
  return (
    <main className={classes.page}>
      <div className={classes.preferences}>
        <Preferences />
      </div>
      <Form
        className={`panel ${classes.card}`}
        onSubmit={() => signIn.mutate(byAccount ? { name: name.trim(), password } : { token: token.trim() })}
      >
        <Stack gap="lg">
          <div>
            <RoostMark size={40} />
            <Title order={1} size="h2" mt="md">
              {t.title}
            </Title>
            <Text className="quiet" mt={4}>
              {t.lead}
            </Text>
          </div>
          <Fault of={signIn.error} title={byCode ? t.linkRefused : t.tokenRefused} />
          {byAccount ? (
            <>
              <TextField
                label={t.name}
                value={name}
                onChange={setName}
                completedAs="username"
                focused
                required
                technical
              />
              <TextField
                label={t.password}
                value={password}
                onChange={setPassword}
                completedAs="current-password"
                required
                secret
              />
            </>
          ) : (
            <TextField
              label={t.token}
              description={t.tokenHint}
              value={token}
              onChange={setToken}
              focused
              required
              secret
            />
          )}
          <Button type="submit" size="md" loading={signIn.isPending}>
            {t.submit}
          </Button>
          {provider !== undefined && (
            <Button component="a" href={provider.address} variant="default" size="md">
              {t.byProvider(provider.name)}
            </Button>
          )}
          <Button variant="subtle" size="xs" onClick={() => setByAccount(!byAccount)}>
            {byAccount ? t.byToken : t.byAccount}
          </Button>
          <Text size="sm" className="quiet">
            {t.linkHint}{" "}
            <Anchor href="/docs" underline="always">
              {t.apiDocs}
            </Anchor>
          </Text>
        </Stack>
      </Form>
    </main>
  )
}
